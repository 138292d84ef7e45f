import type { Answer } from '@ballast/contracts';
import type { Message } from '../message.js';

/**
 * What is known of one operation of one order: of a do, and of its undo if it has one. Pure; the handler loads it,
 * lets it answer, and saves it with everything else that a pass changes.
 *
 * A message that waits for its answer is kept whole: the newest attempt is the one that is answered, with the data
 * that the first one brought.
 */
export type Barrier =
  /** Nothing definite is known: never asked, or only answered with "not now". */
  | { readonly kind: 'untouched' }
  /** The do was decided and waits; `undo` has arrived meanwhile. */
  | {
      readonly kind: 'waiting';
      readonly for: WaitsFor;
      readonly since: number;
      readonly do: Message;
      readonly undo: Message | null;
    }
  /** The do's definite answer. */
  | { readonly kind: 'answered'; readonly answer: DefiniteAnswer }
  /** The do is done (`answer` is null when nobody knows how), its undo was decided and waits. */
  | {
      readonly kind: 'undoing';
      readonly for: WaitsFor;
      readonly since: number;
      readonly answer: DefiniteAnswer | null;
      /** The do, when it was never answered. */
      readonly do: Message | null;
      readonly undo: Message;
    }
  /** The do was done and is undone. */
  | { readonly kind: 'undone'; readonly reply: unknown }
  /** The undo, or the deadline, came before anything was done: the do is refused for good. */
  | { readonly kind: 'tombstone' };

/** `call`: an outside party's answer to this operation. `order`: to another operation of the order; decide again then. */
export type WaitsFor = 'call' | 'order';
export type DefiniteAnswer = Extract<Answer, { outcome: 'done' | 'rejected' }>;
export type Side = 'do' | 'undo';
export type Rule = 'undoable' | 'pivot' | 'must-finish';

/** A message and the answer that it gets. */
export interface Reply {
  readonly to: Message;
  readonly answer: Answer;
}

export interface Settled {
  readonly barrier: Barrier;
  readonly replies: readonly Reply[];
}

/** What the barrier looks at beside itself. */
export interface Circumstances {
  readonly rule: Rule;
  readonly now: Date;
  /** The order has a business record, and no barrier at all that explains it. */
  readonly unexplainedRecord: boolean;
}

export type Verdict =
  | ({ readonly next: 'settled' } & Settled)
  /** Rule 5: the domain decides, then `settle`. */
  | { readonly next: 'decide' };

/** What the domain decided, as far as the barrier is concerned. */
export type Outcome =
  | { readonly kind: 'done'; readonly reply: unknown }
  | { readonly kind: 'rejected' | 'refused'; readonly code: string; readonly detail?: string | undefined }
  | { readonly kind: 'call' }
  | { readonly kind: 'wait' };

export const untouched: Barrier = { kind: 'untouched' };

/** A message arrives: rules 1 to 4 of the barrier, in that order ("The barrier" in the transport's design). */
export function meet(barrier: Barrier, side: Side, message: Message, about: Circumstances): Verdict {
  return side === 'do' ? meetDo(barrier, message, about) : meetUndo(barrier, message, about);
}

function meetDo(barrier: Barrier, message: Message, about: Circumstances): Verdict {
  switch (barrier.kind) {
    case 'undone':
    case 'tombstone':
      return settled(barrier, { to: message, answer: aborted });
    case 'answered':
      return settled(barrier, { to: message, answer: barrier.answer });
    case 'waiting':
      return settled({ ...barrier, do: newest(barrier.do, message) });
    case 'undoing':
      return barrier.answer !== null && barrier.do === null
        ? settled(barrier, { to: message, answer: barrier.answer })
        : settled({ ...barrier, do: newest(barrier.do, message) });
    case 'untouched':
      return about.rule === 'undoable' && isPastDeadline(message, about.now)
        ? settled(tombstone, { to: message, answer: aborted })
        : { next: 'decide' };
  }
}

function meetUndo(barrier: Barrier, message: Message, about: Circumstances): Verdict {
  switch (barrier.kind) {
    case 'undone':
      return settled(barrier, { to: message, answer: { outcome: 'done', reply: barrier.reply } });
    case 'tombstone':
      return settled(barrier, { to: message, answer: nothingToUndo });
    case 'answered':
      return barrier.answer.outcome === 'done'
        ? { next: 'decide' }
        : settled(tombstone, { to: message, answer: nothingToUndo });
    case 'waiting':
      // One that waits for another operation has done nothing yet; one that asked somebody may have.
      return barrier.for === 'order'
        ? buried(barrier.do, message)
        : settled({ ...barrier, undo: newest(barrier.undo, message) });
    case 'undoing':
      return settled({ ...barrier, undo: newest(barrier.undo, message) });
    case 'untouched':
      // An undo must not leave behind what it was sent to remove, even if the barrier has lost its memory.
      return about.unexplainedRecord
        ? { next: 'decide' }
        : settled(tombstone, { to: message, answer: nothingToUndo });
  }
}

/** What waits for the order's other operations is looked at again: which side is to be decided, if any. */
export function resume(barrier: Barrier, about: Circumstances): Verdict & { readonly side?: Side } {
  if (barrier.kind === 'undoing' && barrier.for === 'order') return { next: 'decide', side: 'undo' };
  if (barrier.kind !== 'waiting' || barrier.for !== 'order') return settled(barrier);
  return about.rule === 'undoable' && isPastDeadline(barrier.do, about.now)
    ? settled(tombstone, { to: barrier.do, answer: aborted })
    : { next: 'decide', side: 'do' };
}

/**
 * The domain has decided on `message` (which is ignored when the barrier keeps a newer attempt of it).
 * With `then` the undo that came meanwhile has to be decided at once, in the new state.
 */
export function settle(
  barrier: Barrier,
  side: Side,
  message: Message,
  outcome: Outcome,
  { rule, now }: Pick<Circumstances, 'rule' | 'now'>,
): Settled & { readonly then?: 'undo' } {
  return side === 'do'
    ? settleDo(barrier, message, outcome, rule, now)
    : settleUndo(barrier, message, outcome, now);
}

function settleDo(barrier: Barrier, message: Message, outcome: Outcome, rule: Rule, now: Date) {
  if (barrier.kind !== 'untouched' && barrier.kind !== 'waiting') throw new IllegalBarrier('do', barrier);
  const waiting = barrier.kind === 'waiting' ? barrier : null;
  const asked = waiting?.do ?? message;
  const undo = waiting?.undo ?? null;
  switch (outcome.kind) {
    case 'done': {
      const answer: DefiniteAnswer = { outcome: 'done', reply: outcome.reply };
      if (undo === null) return settled({ kind: 'answered', answer }, { to: asked, answer });
      const undoing: Barrier = {
        kind: 'undoing',
        for: 'order',
        since: now.getTime(),
        answer,
        do: asked,
        undo,
      };
      return { ...settled(undoing), then: 'undo' as const };
    }
    case 'rejected':
    case 'refused': {
      if (undo !== null) return buried(asked, undo);
      if (outcome.kind === 'refused' || rule === 'must-finish') {
        return settled(untouched, { to: asked, answer: notNow(outcome) });
      }
      const answer = { outcome: 'rejected' as const, ...reasonOf(outcome) };
      return settled({ kind: 'answered', answer }, { to: asked, answer });
    }
    case 'call':
    case 'wait': {
      const since = waiting?.since ?? now.getTime();
      return settled({ kind: 'waiting', for: waitsFor(outcome), since, do: asked, undo });
    }
  }
}

function settleUndo(barrier: Barrier, message: Message, outcome: Outcome, now: Date) {
  const undoing = barrier.kind === 'undoing' ? barrier : null;
  if (undoing === null && barrier.kind !== 'answered' && barrier.kind !== 'untouched') {
    throw new IllegalBarrier('undo', barrier);
  }
  const answer = barrier.kind === 'untouched' ? null : (barrier as { answer: DefiniteAnswer | null }).answer;
  const asked = undoing?.undo ?? message;
  const unanswered = undoing?.do ?? null;
  switch (outcome.kind) {
    case 'done': {
      const replies = unanswered === null ? [] : [{ to: unanswered, answer: aborted }];
      const undone: Answer = { outcome: 'done', reply: outcome.reply };
      return settled({ kind: 'undone', reply: outcome.reply }, ...replies, { to: asked, answer: undone });
    }
    case 'rejected':
    case 'refused': {
      const replies = unanswered === null ? [] : [{ to: unanswered, answer: answer ?? notNow(outcome) }];
      return settled(answer === null ? untouched : { kind: 'answered', answer }, ...replies, {
        to: asked,
        answer: notNow(outcome),
      });
    }
    case 'call':
    case 'wait': {
      const since = undoing?.since ?? now.getTime();
      return settled({ kind: 'undoing', for: waitsFor(outcome), since, answer, do: unanswered, undo: asked });
    }
  }
}

/** Whether this side of the operation has asked an outside party that has not answered yet. */
export const waitsForCall = (barrier: Barrier, side: Side): boolean =>
  barrier.kind === (side === 'do' ? 'waiting' : 'undoing') && barrier.for === 'call';

/** An undo that found its do without effect and undecided, or told that it has none. */
const buried = (asked: Message, undo: Message) =>
  settled(tombstone, { to: asked, answer: aborted }, { to: undo, answer: nothingToUndo });

function settled(barrier: Barrier, ...replies: Reply[]): { next: 'settled' } & Settled {
  return { next: 'settled', barrier, replies };
}

function newest(kept: Message | null, message: Message): Message {
  return kept === null ? message : { ...message, data: kept.data };
}

/** From the deadline on, not only after it. */
const isPastDeadline = ({ deadline }: Message, now: Date): boolean =>
  deadline !== undefined && now.getTime() >= Date.parse(deadline);

const waitsFor = (outcome: { kind: 'call' | 'wait' }): WaitsFor =>
  outcome.kind === 'call' ? 'call' : 'order';

const notNow = (outcome: Outcome & { kind: 'rejected' | 'refused' }): Answer => ({
  outcome: 'refused',
  ...reasonOf(outcome),
});

const reasonOf = ({ code, detail }: { code: string; detail?: string | undefined }) =>
  detail === undefined ? { code } : { code, detail: shortened(detail) };

/** As long as the contract of answers lets it be. */
const shortened = (detail: string): string =>
  detail.length <= 2_000 ? detail : `${detail.slice(0, 1_999).toWellFormed()}…`;

const tombstone: Barrier = { kind: 'tombstone' };
const aborted: Answer = { outcome: 'aborted' };
/** What an undo that had nothing to do answers, for good. */
const nothingToUndo: Answer = { outcome: 'done', reply: {} };

/** A decision arrived for an operation that had none to wait for: a bug of the caller. */
export class IllegalBarrier extends Error {
  constructor(side: Side, barrier: Barrier) {
    super(`a decision on the ${side} arrived at a barrier that is ${barrier.kind}`);
    this.name = 'IllegalBarrier';
  }
}
