import type { Queries } from '@ballast/platform';
import type { Message, Outgoing } from '../message.js';

/** One thing to handle in a pass, always for one order of one lane. A pass gets them in arrival order per order. */
export type Work =
  | { readonly kind: 'message'; readonly lane: number; readonly message: Message }
  /** The order's timer (see Timer) is due. */
  | { readonly kind: 'timer'; readonly lane: number; readonly orderId: string }
  /** Something that the handler itself submitted through `LaneLoop.submit`, such as an outside party's answer. */
  | {
      readonly kind: 'submitted';
      readonly lane: number;
      readonly orderId: string;
      readonly payload: unknown;
    };

export const orderOf = (work: Work): string =>
  work.kind === 'message' ? work.message.subject : work.orderId;

/** When an order is to be looked at again; null clears it. An order has one timer: its next due time. */
export interface Timer {
  readonly lane: number;
  readonly orderId: string;
  readonly at: Date | null;
}

/** What a handler may use during a pass. The transaction is the loop's: handlers never begin, commit or roll back. */
export interface Pass {
  readonly tx: Queries;
  /** The database's time at the beginning of the pass. */
  readonly now: Date;
  /** `wait` on the first try. `skip` after a lock timeout: load shared rows with SKIP LOCKED and hold what is locked. */
  readonly locks: 'wait' | 'skip';
  /** Runs the load of shared rows under a lock timeout (in `wait`); when it strikes the loop starts over with `skip`. */
  underLockTimeout<T>(load: () => Promise<T>): Promise<T>;
  /** Runs the business save: only its errors of SQLSTATE class 22 or 23 can be a message's fault. */
  businessSave(save: () => Promise<void>): Promise<void>;
}

/** What a pass leaves to the loop: everything here is committed with the handler's own writes, or not at all. */
export interface PassResult {
  /** In the order in which they are to be sent. */
  readonly send: readonly Outgoing[];
  /** Messages whose shared rows somebody else holds: kept and tried again later, in order. */
  readonly hold: readonly Work[];
  readonly timers: readonly Timer[];
  /** Called after the commit, synchronously: memory that must not exist before it. */
  readonly committed?: () => void;
}

/** What a service gives to its lanes. Its `process` is reached through Nest, so guards and interceptors apply. */
export interface LaneHandler {
  /** After a claim, in a new READ COMMITTED transaction: rebuild the memory of these lanes; returns their timers. */
  claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]>;
  /** The lanes are no longer ours, or their memory can't be trusted: forget everything about them. */
  dropped(lanes: readonly number[]): void;
  /**
   * Sends the reads that `process` is going to need for this work, without awaiting them: they share the write that
   * opens the pass, behind its locks. Doubles are still among the work, and `process` may never be called for it.
   */
  prefetch?(work: readonly Work[], tx: Queries): void;
  process(work: readonly Work[], pass: Pass): Promise<PassResult>;
}

/**
 * Thrown by a handler for work items that it cannot handle, each with its cause: they are isolated and dead-lettered,
 * the others are handled. Naming all that are known saves a try of the pass for each.
 */
export class PoisonedWork extends Error {
  override readonly name = 'PoisonedWork';

  constructor(readonly causes: ReadonlyMap<Work, unknown>) {
    super(`${causes.size} messages could not be handled: ${String([...causes.values()][0])}`);
  }
}

/** How handlers hand work to the loop between passes, from any part of the process. */
export interface WorkSink {
  /** False when this process does not hold the lane (any more): the caller forgets the item. */
  submit(work: Work & { kind: 'submitted' }): boolean;
}
