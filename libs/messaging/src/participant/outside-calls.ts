import type { OutsideAnswer } from '@ballast/contracts';
import type { Logger } from '@ballast/platform';
import {
  classify,
  DeadlinePassed,
  Refused,
  retryAfterMsOf,
  type RetryBudget,
  TimedOut,
} from '@ballast/resilience';
import type { WorkSink } from '../lanes/work.js';
import { reached } from '../moments.js';
import { type CallAnswered, type CallAttempted, isAnswerOfParty } from './items.js';
import type { OutsideParty } from './outside-party.js';
import { callKey, type OpenCall } from './tables.js';

export interface OutsideCallWorkerOptions {
  readonly party: OutsideParty;
  /** The loop of the lanes. */
  readonly sink: WorkSink;
  readonly logger: Pick<Logger, 'warn'>;
  /** How many calls may be asked again; shared by all who ask the same party. Without it there is no limit. */
  readonly budget?: RetryBudget;
  /** Told of each attempt at a call that was made before. */
  readonly onRepeated?: () => void;
  /** How many attempts are under way at a time, at most: with a pipeline, those that wait in its line too. */
  readonly concurrency?: number;
  /** With a pipeline, which has time limits of its own: longer than those, and than its line. */
  readonly attemptTimeoutMs?: number;
  /** How long an attempt that was told to give up may still take before its place is given to another. */
  readonly graceMs?: number;
  /** The pause after the first attempt; it doubles with each, up to the maximum. Half of it is random. */
  readonly pauseMs?: number;
  readonly pauseMaxMs?: number;
  /** The pause after an attempt that a policy refused, if that does not say when to come back. Half of it is random. */
  readonly refusedPauseMs?: number;
  /** A call that was not made by its deadline is answered so much later: the order's own end comes first. */
  readonly deadlineGraceMs?: number;
  readonly random?: () => number;
}

interface Asking {
  readonly call: OpenCall;
  attempt: number;
  /** Until when it may be made for the first time; null once it may have been: then the answer has to be found out. */
  deadline: Date | null;
  state:
    | { readonly kind: 'ready' }
    | { readonly kind: 'asking'; readonly controller: AbortController }
    /** To ask again, or to hand the answer over again. */
    | { readonly kind: 'pausing'; readonly timer: NodeJS.Timeout };
}

/**
 * Makes the outside calls of our lanes until each has a definite answer, which goes to the loop. Its memory is only a
 * copy of the open rows of `outbound_call`: whoever owns the lane next asks again, under the same keys.
 *
 * An attempt that a policy refuses (an open breaker, a full bulkhead) was not made: it is not counted, and comes again
 * later. A call whose deadline passes before anything can have happened is not made any more, and answered as refused.
 */
export class OutsideCallWorker {
  readonly #options: Required<Omit<OutsideCallWorkerOptions, 'budget'>> & { readonly budget?: RetryBudget };
  readonly #asking = new Map<string, Asking>();
  readonly #ready = new Set<Asking>();
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(options: OutsideCallWorkerOptions) {
    this.#options = {
      concurrency: 64,
      attemptTimeoutMs: 5_000,
      graceMs: 1_000,
      pauseMs: 100,
      pauseMaxMs: 15_000,
      refusedPauseMs: 500,
      deadlineGraceMs: 1_000,
      onRepeated: () => undefined,
      random: Math.random,
      ...options,
    };
  }

  /** How many calls have no definite answer yet. */
  get open(): number {
    return this.#asking.size;
  }

  /** Calls that were just committed. */
  start(calls: readonly OpenCall[]): void {
    this.#begin(calls, call => call.deadline ?? null);
  }

  /** @param deadlineOf null for a call that may have been made before */
  #begin(calls: readonly OpenCall[], deadlineOf: (call: OpenCall) => Date | null): void {
    if (this.#closed) return;
    for (const call of calls) {
      const key = callKey(call.orderId, call.operation);
      const known = this.#asking.get(key);
      if (known?.call.round === call.round) continue;
      if (known !== undefined) this.#forget(known);
      const { attempt } = call;
      const asking: Asking = { call, attempt, deadline: deadlineOf(call), state: { kind: 'ready' } };
      this.#asking.set(key, asking);
      if (call.waitMs > 0) this.#pause(asking, call.waitMs, () => this.#askAgain(asking));
      else this.#ready.add(asking);
    }
    this.#fill();
  }

  /** The lanes were claimed, and these are all their open calls. */
  takeOver(lanes: readonly number[], calls: readonly OpenCall[]): void {
    const open = new Set(calls.map(call => call.idempotencyKey));
    for (const asking of this.#of(lanes)) if (!open.has(asking.call.idempotencyKey)) this.#forget(asking);
    this.#begin(calls, () => null);
  }

  /** The lanes are not ours any more: somebody else asks. */
  drop(lanes: readonly number[]): void {
    for (const asking of this.#of(lanes)) this.#forget(asking);
  }

  /** Gives up every attempt, and returns when none is under way. The calls stay open in the database. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const asking of [...this.#asking.values()]) this.#forget(asking);
    await Promise.all(this.#underWay);
  }

  #of(lanes: readonly number[]): Asking[] {
    const dropped = new Set(lanes);
    return [...this.#asking.values()].filter(({ call }) => dropped.has(call.lane));
  }

  #forget(asking: Asking): void {
    const { call, state } = asking;
    this.#asking.delete(callKey(call.orderId, call.operation));
    this.#ready.delete(asking);
    if (state.kind === 'pausing') clearTimeout(state.timer);
    if (state.kind === 'asking') state.controller.abort(new Error('the lane of the call was given up'));
  }

  #fill(): void {
    for (const asking of this.#ready) {
      if (this.#underWay.size >= this.#options.concurrency) return;
      this.#ready.delete(asking);
      const attempt = this.#ask(asking).finally(() => {
        this.#underWay.delete(attempt);
        this.#fill();
      });
      this.#underWay.add(attempt);
    }
  }

  /** Never rejects. */
  async #ask(asking: Asking): Promise<void> {
    if (asking.deadline !== null && asking.deadline.getTime() <= Date.now()) return this.#tooLate(asking);
    const isRepeated = asking.attempt > 0;
    if (isRepeated && this.#options.budget?.withdraw() === false) return this.#pauseAsRefused(asking);
    const controller = new AbortController();
    asking.attempt += 1;
    asking.state = { kind: 'asking', controller };
    const timeoutMs = this.#options.attemptTimeoutMs;
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      reached('call begins');
      const answer = await this.#attempt(asking, controller.signal);
      reached('call answered');
      this.#settle(isRepeated, 'answered');
      if (this.#isOurs(asking)) this.#answered(asking, answer);
    } catch (error) {
      const wasMade = !isRefusal(error);
      this.#settle(isRepeated, wasMade ? 'failed' : 'refused');
      if (!wasMade) asking.attempt -= 1;
      if (!this.#isOurs(asking)) return;
      if (wasMade) this.#failed(asking, error);
      else this.#pauseAsRefused(asking, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A repeated attempt that was answered, or not made, has cost the party nothing in vain. */
  #settle(isRepeated: boolean, outcome: 'answered' | 'failed' | 'refused'): void {
    const { budget } = this.#options;
    if (!isRepeated && outcome !== 'refused') budget?.deposit();
    if (isRepeated && outcome !== 'failed') budget?.giveBack();
    if (isRepeated && outcome !== 'refused') this.#options.onRepeated();
  }

  /** Rejects in the end, whatever the party does with the signal. */
  async #attempt({ call, attempt, deadline }: Asking, signal: AbortSignal): Promise<OutsideAnswer> {
    let grace: NodeJS.Timeout | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        grace = setTimeout(() => reject(signal.reason as Error), this.#options.graceMs);
      });
    });
    const { party, operation, request } = call.call;
    const { idempotencyKey, orderId } = call;
    const ask = async () =>
      this.#options.party({ party, operation, request, idempotencyKey, orderId, attempt, signal, deadline });
    try {
      const answer = await Promise.race([ask(), givenUp]);
      if (!isAnswerOfParty(answer))
        throw new TypeError(`${party} ${operation} was answered with no OutsideAnswer`);
      return storable(answer);
    } finally {
      clearTimeout(grace);
    }
  }

  #isOurs(asking: Asking): boolean {
    return this.#asking.get(callKey(asking.call.orderId, asking.call.operation)) === asking;
  }

  /**
   * Hands the answer to the loop. Between a claim and its proof the loop takes nothing: then again a little later,
   * until the lane is ours, or dropped.
   */
  #answered(asking: Asking, answer: OutsideAnswer): void {
    const { orderId, operation, round } = asking.call;
    if (this.#submit(asking, { kind: 'answered', operation, round, attempt: asking.attempt, answer })) {
      this.#asking.delete(callKey(orderId, operation));
    } else {
      this.#pause(asking, this.#options.pauseMs, () => this.#answered(asking, answer));
    }
  }

  /** An order that has ended by then has told so: what waits is undone, and the answer is of no consequence. */
  #tooLate(asking: Asking): void {
    const answer = { kind: 'refused', code: 'DEADLINE_PASSED', detail: notAskedInTime(asking.call) } as const;
    const waitMs = asking.deadline!.getTime() + this.#options.deadlineGraceMs - Date.now();
    this.#pause(asking, waitMs, () => this.#answered(asking, answer));
  }

  #pauseAsRefused(asking: Asking, error?: unknown): void {
    const { refusedPauseMs, random } = this.#options;
    const askedMs = error instanceof Refused ? (error.retryAfterMs ?? 0) : 0;
    // Those who were told the same time spread out behind it.
    const delayMs = askedMs + refusedPauseMs * (0.5 + random() / 2);
    const leftMs = asking.deadline === null ? Infinity : asking.deadline.getTime() - Date.now();
    this.#pause(asking, Math.max(0, Math.min(delayMs, leftMs)), () => this.#askAgain(asking));
  }

  #failed(asking: Asking, error: unknown): void {
    const { call, attempt } = asking;
    // Where nothing can have happened, the deadline still holds.
    if (classify(error) !== 'transient') asking.deadline = null;
    const { pauseMs, pauseMaxMs, random } = this.#options;
    const fullMs = Math.min(pauseMaxMs, pauseMs * 2 ** (attempt - 1));
    const askedMs = Math.min(pauseMaxMs, retryAfterMsOf(error, Date.now()) ?? 0);
    const delayMs = Math.max(askedMs, fullMs * (0.5 + random() / 2));
    this.#pause(asking, delayMs, () => this.#askAgain(asking));
    if (!isWorthTelling(attempt)) return;
    const { orderId, operation, round } = call;
    this.#options.logger.warn(
      { err: error, orderId, operation, attempt, delayMs: Math.round(delayMs) },
      `${call.call.party} does not answer`,
    );
    this.#submit(asking, { kind: 'attempted', operation, round, attempt, delayMs });
  }

  #askAgain(asking: Asking): void {
    asking.state = { kind: 'ready' };
    this.#ready.add(asking);
    this.#fill();
  }

  #pause(asking: Asking, delayMs: number, next: () => void): void {
    asking.state = { kind: 'pausing', timer: setTimeout(next, delayMs) };
  }

  #submit({ call }: Asking, payload: CallAnswered | CallAttempted): boolean {
    return this.#options.sink.submit({ kind: 'submitted', lane: call.lane, orderId: call.orderId, payload });
  }
}

/** Nothing was sent. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Refused || error instanceof DeadlinePassed || (error instanceof TimedOut && !error.begun);

const notAskedInTime = ({ call }: OpenCall): string =>
  `${call.party} could not be asked before the order's deadline; nothing was done`;

/** The 4th, 8th, 16th, ... attempt is logged and stored: a handful per call, however long its party is away. */
const isWorthTelling = (attempt: number): boolean => attempt >= 4 && Number.isInteger(Math.log2(attempt));

/** A party's text may hold what jsonb refuses; the answer has to get in all the same. */
function storable(answer: OutsideAnswer): OutsideAnswer {
  return JSON.parse(JSON.stringify(answer), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\u0000', '\uFFFD').toWellFormed() : value,
  ) as OutsideAnswer;
}
