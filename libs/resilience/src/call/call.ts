import type { Clock } from '../clock/clock.js';

/** The most important first. A `critical` call is never shed. */
export const priorities = ['critical', 'high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** What a caller says about a call. */
export interface CallOptions {
  /** Aborts the call: the caller is told at once, and the work's own signal is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** When the answer is of no more use, as a time or in milliseconds since 1970. */
  readonly deadline?: Date | number | undefined;
  /** For whom the call is made: a busy one does not push the others out. */
  readonly tenant?: string | undefined;
  /** @default 'normal' */
  readonly priority?: Priority | undefined;
  /** Whether making the call twice does no more than making it once. @default false */
  readonly idempotent?: boolean | undefined;
}

/** What the work is told. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more. Made when it is first asked for. */
  readonly signal: AbortSignal;
  /** When nobody waits for the answer any more; null when there is no limit. To be passed on to whom is called. */
  readonly deadline: Date | null;
  /** From 1. */
  readonly attempt: number;
}

export type Work<T> = (context: CallContext) => Promise<T>;

/** What stands further inside in a pipeline. Never throws: it rejects. */
export type Next = (call: Call) => Promise<unknown>;

/** The last moment of a Date, in the year 275760. */
const dateMaxMs = 8.64e15;

/**
 * A call on its way through the policies, or one attempt at it, which is a child of the call. It can be cancelled, and
 * it knows whether work goes on that nobody waits for.
 */
export class Call implements CallContext {
  /** When it is over at the latest, in the clock's elapsed time. */
  dueMs = Infinity;
  /** What waits on behalf of this call, and is told when it is cancelled. One thing at a time. */
  interrupt: ((reason: unknown) => void) | null = null;
  /** Whether work was started, here or in a child. */
  begun = false;
  cancelled = false;
  reason: unknown = undefined;
  #startedMs = 0;
  #endedMs = -1;
  #running = 0;
  #attempts = 1;
  #whenIdle: (() => void)[] | null = null;
  #controller: AbortController | null = null;
  #children: Set<Call> | null = null;

  constructor(
    readonly work: Work<unknown>,
    readonly options: CallOptions,
    readonly clock: Clock,
    readonly attempt = 1,
    readonly parent: Call | null = null,
  ) {}

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  get deadline(): Date | null {
    const deadlineMs = this.clock.epochMs() + this.dueMs - this.clock.elapsedMs();
    // One that no Date can hold is none.
    return deadlineMs <= dateMaxMs ? new Date(deadlineMs) : null;
  }

  /** Whether work goes on, here or in a child, even if its caller has been answered. */
  get busy(): boolean {
    return this.#running > 0;
  }

  /** How long the work took until it settled or was given up. Not to be read before. */
  get tookMs(): number {
    return this.#endedMs - this.#startedMs;
  }

  /** When that was, in the clock's elapsed time. */
  get endedMs(): number {
    return this.#endedMs;
  }

  child(attempt: number): Call {
    const child = new Call(this.work, this.options, this.clock, attempt, this);
    child.dueMs = this.dueMs;
    (this.#children ??= new Set()).add(child);
    return child;
  }

  /** The number of one more attempt: each at the same call has its own, whoever makes it. */
  nextAttempt(): number {
    return this.parent === null ? ++this.#attempts : this.parent.nextAttempt();
  }

  /** The child's caller has its answer. */
  leave(child: Call): void {
    this.#children?.delete(child);
  }

  cancel(reason: unknown): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.reason = reason;
    if (this.#running > 0) this.#stopWatch();
    this.#controller?.abort(reason);
    const { interrupt } = this;
    this.interrupt = null;
    interrupt?.(reason);
    for (const child of this.#children ?? []) child.cancel(reason);
  }

  /** Work begins. */
  begin(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#oneMore();
  }

  /** Work has settled, in time or not. */
  end(): void {
    this.#stopWatch();
    this.#oneLess();
  }

  /** Calls back when no work goes on any more: at once, or later. */
  whenIdle(callback: () => void): void {
    if (this.#running === 0) callback();
    else (this.#whenIdle ??= []).push(callback);
  }

  #oneMore(): void {
    this.begun = true;
    this.#running++;
    if (this.parent !== null) this.parent.#oneMore();
  }

  #oneLess(): void {
    this.#running--;
    if (this.#running === 0 && this.#whenIdle !== null) {
      const callbacks = this.#whenIdle;
      this.#whenIdle = null;
      for (const callback of callbacks) callback();
    }
    if (this.parent !== null) this.parent.#oneLess();
  }

  #stopWatch(): void {
    if (this.#endedMs < 0) this.#endedMs = this.clock.elapsedMs();
  }
}
