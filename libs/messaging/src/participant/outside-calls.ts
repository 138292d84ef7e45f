import type { OutsideAnswer } from '@ballast/contracts';
import type { Logger } from '@ballast/platform';
import type { WorkSink } from '../lanes/work.js';
import { reached } from '../moments.js';
import { type CallAnswered, type CallAttempted, isAnswerOfParty } from './items.js';
import { callKey, type OpenCall } from './tables.js';

/**
 * Makes one attempt of a call. Resolves with the party's definite answer; rejects when there was none (an error, a
 * timeout, an answer that makes no sense): the same is asked again under the same key, which is what makes it safe.
 * Must give up when the signal says so.
 */
export type OutsideParty = (call: OutsideAttempt) => Promise<OutsideAnswer>;

export interface OutsideAttempt {
  readonly party: string;
  readonly operation: string;
  readonly request: unknown;
  readonly idempotencyKey: string;
  readonly orderId: string;
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}

export interface OutsideCallWorkerOptions {
  readonly party: OutsideParty;
  /** The loop of the lanes. */
  readonly sink: WorkSink;
  readonly logger: Pick<Logger, 'warn'>;
  /** How many attempts are under way at a time, at most. */
  readonly concurrency?: number;
  readonly attemptTimeoutMs?: number;
  /** How long an attempt that was told to give up may still take before its place is given to another. */
  readonly graceMs?: number;
  /** The pause after the first attempt; it doubles with each, up to the maximum. Half of it is random. */
  readonly pauseMs?: number;
  readonly pauseMaxMs?: number;
  readonly random?: () => number;
}

interface Asking {
  readonly call: OpenCall;
  attempt: number;
  state:
    | { readonly kind: 'ready' }
    | { readonly kind: 'asking'; readonly controller: AbortController }
    /** To ask again, or to hand the answer over again. */
    | { readonly kind: 'pausing'; readonly timer: NodeJS.Timeout };
}

/**
 * Makes the outside calls of our lanes until each has a definite answer, which goes to the loop. Its memory is only a
 * copy of the open rows of `outbound_call`: whoever owns the lane next asks again, under the same keys.
 */
export class OutsideCallWorker {
  readonly #options: Required<OutsideCallWorkerOptions>;
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
    if (this.#closed) return;
    for (const call of calls) {
      const key = callKey(call.orderId, call.operation);
      const known = this.#asking.get(key);
      if (known?.call.round === call.round) continue;
      if (known !== undefined) this.#forget(known);
      const asking: Asking = { call, attempt: call.attempt, state: { kind: 'ready' } };
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
    this.start(calls);
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
      if (this.#isOurs(asking)) this.#answered(asking, answer);
    } catch (error) {
      if (this.#isOurs(asking)) this.#failed(asking, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Rejects in the end, whatever the party does with the signal. */
  async #attempt({ call, attempt }: Asking, signal: AbortSignal): Promise<OutsideAnswer> {
    let grace: NodeJS.Timeout | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        grace = setTimeout(() => reject(signal.reason as Error), this.#options.graceMs);
      });
    });
    const { party, operation, request } = call.call;
    const { idempotencyKey, orderId } = call;
    const ask = async () =>
      this.#options.party({ party, operation, request, idempotencyKey, orderId, attempt, signal });
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

  #failed(asking: Asking, error: unknown): void {
    const { call, attempt } = asking;
    const { pauseMs, pauseMaxMs, random } = this.#options;
    const fullMs = Math.min(pauseMaxMs, pauseMs * 2 ** (attempt - 1));
    const delayMs = fullMs * (0.5 + random() / 2);
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

/** The 4th, 8th, 16th, ... attempt is logged and stored: a handful per call, however long its party is away. */
const isWorthTelling = (attempt: number): boolean => attempt >= 4 && Number.isInteger(Math.log2(attempt));

/** A party's text may hold what jsonb refuses; the answer has to get in all the same. */
function storable(answer: OutsideAnswer): OutsideAnswer {
  return JSON.parse(JSON.stringify(answer), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\u0000', '\uFFFD').toWellFormed() : value,
  ) as OutsideAnswer;
}
