import { channel } from 'node:diagnostics_channel';

/** Moments at which a process may die, and nothing may be lost or done twice. */
export type Moment =
  /** The epochs of lanes are raised; what their predecessor left is not read yet. */
  | 'lanes claimed'
  /** What the predecessor left is known; what it had not sent is not sent yet. */
  | 'lanes taken over'
  /** In a pass's transaction: positions are moved, nothing is decided. */
  | 'pass opened'
  /** In a pass's transaction: everything is decided and written but the outbox. */
  | 'pass decided'
  /** Everything of the pass is committed; nothing of it is sent. */
  | 'pass committed'
  /** Rows are on their topics, and still in the outbox. */
  | 'rows sent'
  /** A request's rows are committed; the request is not answered, and nothing is sent. */
  | 'request committed'
  /** An outside call is recorded, and about to be made. */
  | 'call begins'
  /** The outside party has answered; the answer is recorded nowhere. */
  | 'call answered'
  /** A branch's transaction is prepared; its row does not say so, and nobody was told. */
  | 'branch prepared'
  /** A branch's transaction is committed or rolled back; its row does not say so, and nobody was told. */
  | 'branch ended';

const moments = channel('ballast:moment');

/**
 * Says that a moment has come, on Node's diagnostics channel `ballast:moment`, synchronously. Nobody listens but a test
 * that kills the process at it (test/chaos): the product holds no switch.
 */
export function reached(moment: Moment): void {
  if (moments.hasSubscribers) moments.publish(moment);
}
