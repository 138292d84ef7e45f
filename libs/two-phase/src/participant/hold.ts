type Instant = number;

/**
 * What a participant of try-confirm-cancel has set aside for an order, and not yet been told to keep or to give back.
 * It never gives it back on its own: a hold that has expired asks the coordinator, and obeys.
 * Plain JSON, stored with the answer to the try.
 */
export interface Hold {
  readonly orderId: string;
  /** The branch that asks: the participant's name in the definition. */
  readonly branch: string;
  readonly askAt: Instant;
  /** How often it has asked. */
  readonly asked: number;
}

/** How long a participant waits for the decision before it asks, and between its questions. */
export interface HoldPatience {
  readonly holdMs: number;
  readonly askAgainMs: number;
}

/** Longer than a coordinator's usual restart, shorter than anybody's patience with goods that nobody buys. */
export const defaultHoldPatience: HoldPatience = { holdMs: 30_000, askAgainMs: 10_000 };

export type HoldEvent =
  /** The try was answered with success. */
  | { readonly kind: 'tried'; readonly orderId: string; readonly branch: string }
  /** The confirm or the cancel was answered with success. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'timer' };

export interface HoldAdvanced {
  /** Null: nothing is held. The very same object when nothing has changed. */
  readonly hold: Hold | null;
  readonly effects: readonly { readonly kind: 'ask'; readonly branch: string }[];
}

/** Pure: the same hold, event and time always give the same answer. */
export function advanceHold(
  hold: Hold | null,
  event: HoldEvent,
  now: Instant,
  patience: HoldPatience = defaultHoldPatience,
): HoldAdvanced {
  switch (event.kind) {
    case 'tried':
      // A try that is repeated gets its stored answer, and holds nothing more.
      return { hold: hold ?? heldBy(event, now + patience.holdMs), effects: [] };
    case 'settled':
      return { hold: null, effects: [] };
    case 'timer': {
      if (hold === null || hold.askAt > now) return { hold, effects: [] };
      const next = { ...hold, asked: hold.asked + 1, askAt: now + patience.askAgainMs };
      return { hold: next, effects: [{ kind: 'ask', branch: hold.branch }] };
    }
  }
}

const heldBy = ({ orderId, branch }: { orderId: string; branch: string }, askAt: Instant): Hold => ({
  orderId,
  branch,
  askAt,
  asked: 0,
});
