/** Milliseconds since 1970, UTC. */
export type Instant = number;

/**
 * How far one participant has come with one order: what it has heard, and what became of its reactions. Plain JSON,
 * stored with the participant's own rows, in the transaction that handles the event.
 */
export interface Progress {
  readonly id: string;
  readonly choreography: string;
  readonly version: number;
  readonly participant: string;
  /** The order's, as its events carry it; null as long as none of them has. */
  readonly deadlineAt: Instant | null;
  /** What was heard, each event once, in the order in which it came. What is not complete yet waits here. */
  readonly facts: readonly Fact[];
  /** What has begun, by the type of its command. */
  readonly reactions: Readonly<Record<string, ReactionState>>;
  /** The watcher's; null for everybody else. */
  readonly watch: Watch | null;
}

export interface Fact {
  readonly event: string;
  /** Null where no reaction of the participant waits for the event: the watcher hears everything, and needs little. */
  readonly data: unknown;
}

export type ReactionState =
  /** Handed to the participant, whose barrier answers; an outside party may have to answer first. */
  | { readonly is: 'asked'; readonly attempts: number }
  /** Refused for now; tried again at `dueAt`. */
  | { readonly is: 'waiting'; readonly attempts: number; readonly dueAt: Instant }
  /** Refused too often: only `resume` gets it on. */
  | { readonly is: 'stuck'; readonly attempts: number; readonly reason: string }
  | { readonly is: 'done' | 'aborted' }
  | { readonly is: 'rejected'; readonly code: string }
  /** An undo on the pivot's side that came after the pivot. */
  | { readonly is: 'too-late' };

/** What the order's owner knows beside the facts: whether it has asked for the end, and whether anything still moves. */
export interface Watch {
  readonly state: 'running' | 'completed' | 'cancelled';
  /** What it has asked the pivot's owner for. */
  readonly requested: 'CANCELLED' | 'DEADLINE' | null;
  /** When something was heard for the last time. */
  readonly heardAt: Instant;
  /** Nothing has moved for too long: what it waits for. */
  readonly parked: string | null;
}

export const hasHeard = ({ facts }: Progress, { type }: { type: string }): boolean =>
  facts.some(({ event }) => event === type);

export const reactionOf = ({ reactions }: Progress, { type }: { type: string }): ReactionState | undefined =>
  reactions[type];
