import type { CallContext } from '../call/call.js';

/** Work that goes on until the test says how it ends. It ignores its signal unless `heeds` is set. */
export class ControlledWork<T = string> {
  readonly contexts: CallContext[] = [];
  readonly #open: { resolve(value: T): void; reject(error: unknown): void }[] = [];

  constructor(private readonly heeds = false) {}

  readonly work = (context: CallContext): Promise<T> => {
    this.contexts.push(context);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#open.push({ resolve, reject });
    if (this.heeds) context.signal.addEventListener('abort', () => reject(context.signal.reason));
    return promise;
  };

  /** How often it was started. */
  get started(): number {
    return this.contexts.length;
  }

  /** @param index which of them, from 0 */
  answer(value: T, index = this.#open.length - 1): void {
    this.#open[index]!.resolve(value);
  }

  fail(error: unknown, index = this.#open.length - 1): void {
    this.#open[index]!.reject(error);
  }
}

/** Controlled work that tells when it begins and when it has settled. */
export class CountedWork {
  readonly #open = new Set<{ resolve(value: string): void; reject(error: unknown): void }>();

  /** @param heeds whether it ends when its signal is aborted */
  constructor(
    private readonly heeds: boolean,
    private readonly count: (by: 1 | -1) => void,
  ) {}

  readonly work = ({ signal }: CallContext): Promise<string> => {
    this.count(1);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const open = { resolve, reject };
    this.#open.add(open);
    const end = () => {
      this.#open.delete(open);
      this.count(-1);
    };
    promise.then(end, end);
    if (this.heeds) signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  };

  answerAll(): void {
    for (const { resolve } of this.#open) resolve('answer');
  }

  failAll(error: unknown): void {
    for (const { reject } of this.#open) reject(error);
  }
}

/** What became of a call, for a test to look at while it may still be under way. */
export interface Outcome {
  value?: unknown;
  error?: unknown;
  settled: boolean;
}

export function outcomeOf(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { settled: false };
  promise.then(
    value => Object.assign(outcome, { value, settled: true }),
    (error: unknown) => Object.assign(outcome, { error, settled: true }),
  );
  return outcome;
}

export const transient = () => Object.assign(new Error('busy'), { status: 503 });
export const rejected = () => Object.assign(new Error('declined'), { status: 402 });
export const unclear = () => Object.assign(new Error('broken'), { status: 500 });
export const bug = () => new TypeError('undefined is not a function');
