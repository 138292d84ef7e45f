import type { Logger } from '@ballast/platform';
import type { Ending } from '../storage/order-reader.js';

export interface OrderWatcherOptions {
  /** The shortest time between two looks at all watched orders. */
  readonly pollMs: number;
  /** Looks that take long are made less often: they take this share of the time at most. */
  readonly shareMax: number;
  /** ... and never further apart than this: a single one that was held up makes nobody wait for minutes. */
  readonly pauseMaxMs: number;
  /** How long an order is still looked at when nobody waits for it any more: most who ask again do so at once. */
  readonly lingerMs: number;
  /** How many endings are remembered. */
  readonly endingsMax: number;
}

export const orderWatcherDefaults: OrderWatcherOptions = {
  pollMs: 25,
  shareMax: 0.02,
  pauseMaxMs: 5_000,
  lingerMs: 500,
  endingsMax: 20_000,
};

/** Called with orders that have ended, each once. */
export type OnEndings = (endings: readonly Ending[]) => void;

/**
 * Tells who waits for an order's end, whichever replica ends it: one statement for all watched orders every few
 * milliseconds, while somebody waits, and one at once for those that this process has committed something about.
 */
export class OrderWatcher {
  readonly #watched = new Map<string, Watched>();
  /** Oldest first. An ending is final: what is remembered stays true. */
  readonly #endings = new Map<string, Ending>();
  /** To be looked at without waiting for the next poll. */
  #urgent = new Set<string>();
  #state: 'idle' | 'scheduled' | 'looking' | 'closed' = 'idle';
  #timer: NodeJS.Timeout | undefined;
  #nextPollAtMs = 0;

  constructor(
    private readonly loadEndings: (ids: readonly string[]) => Promise<readonly Ending[]>,
    private readonly logger: Logger,
    private readonly options: OrderWatcherOptions = orderWatcherDefaults,
  ) {}

  /**
   * Calls back, later, for those of the orders that have ended or do so, until the returned function is called.
   * What ended before is told within one look at the database. An id without an order never ends.
   */
  watch(ids: Iterable<string>, onEndings: OnEndings): () => void {
    const distinct = new Set(ids);
    const listener: Listener = { onEndings };
    const already: Ending[] = [];
    for (const id of distinct) {
      const ending = this.#endings.get(id);
      if (ending === undefined) this.#listen(id, listener);
      else already.push(ending);
    }
    if (already.length > 0) queueMicrotask(() => listener.onEndings?.(already));
    this.#schedule();
    return () => {
      listener.onEndings = undefined;
      this.#leave(distinct, listener);
    };
  }

  /** These orders may have ended just now: this process has committed something about them. */
  nudge(ids: Iterable<string>): void {
    for (const id of ids) if (this.#watched.has(id)) this.#urgent.add(id);
    this.#schedule();
  }

  /** Stops looking. Those who wait are not told: they end their waits themselves. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
  }

  #listen(id: string, listener: Listener): void {
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      watched = { listeners: new Set(), leftAtMs: 0 };
      this.#watched.set(id, watched);
      this.#urgent.add(id);
    }
    watched.listeners.add(listener);
  }

  #leave(ids: Iterable<string>, listener: Listener): void {
    const leftAtMs = performance.now();
    for (const id of ids) {
      const watched = this.#watched.get(id);
      if (watched?.listeners.delete(listener) && watched.listeners.size === 0) watched.leftAtMs = leftAtMs;
    }
  }

  /** Looks at the end of this turn of the event loop, when something is urgent, or else at the next poll. */
  #schedule(): void {
    if (this.#state !== 'idle' || this.#watched.size === 0) return;
    clearTimeout(this.#timer);
    if (this.#urgent.size > 0) {
      this.#state = 'scheduled';
      setImmediate(() => void this.#look());
    } else {
      this.#timer = setTimeout(() => void this.#look(), Math.max(0, this.#nextPollAtMs - performance.now()));
    }
  }

  async #look(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'looking';
    const startedAtMs = performance.now();
    const isPoll = startedAtMs >= this.#nextPollAtMs;
    try {
      this.#tell(await this.loadEndings(this.#takeIds(isPoll, startedAtMs)));
      if (isPoll) this.#pollAgainAfter(startedAtMs);
    } catch (error) {
      this.logger.warn({ err: error }, 'the watched orders could not be read; next try in 1 s');
      this.#nextPollAtMs = performance.now() + 1_000;
    }
    // Closing may have come while the database answered.
    if ((this.#state as string) === 'closed') return;
    this.#state = 'idle';
    this.#schedule();
  }

  /** All watched orders when a poll is due, and only the urgent ones before. */
  #takeIds(isPoll: boolean, nowMs: number): readonly string[] {
    const urgent = this.#urgent;
    this.#urgent = new Set();
    if (!isPoll) return [...urgent];
    for (const [id, { listeners, leftAtMs }] of this.#watched) {
      if (listeners.size === 0 && leftAtMs + this.options.lingerMs < nowMs) this.#watched.delete(id);
    }
    return [...this.#watched.keys()];
  }

  #pollAgainAfter(startedAtMs: number): void {
    const { pollMs, shareMax, pauseMaxMs } = this.options;
    const nowMs = performance.now();
    const pauseMs = Math.min(pauseMaxMs, (nowMs - startedAtMs) * (1 / shareMax - 1));
    this.#nextPollAtMs = nowMs + Math.max(pollMs, pauseMs);
  }

  #tell(endings: readonly Ending[]): void {
    const told = new Map<Listener, Ending[]>();
    for (const ending of endings) {
      this.#remember(ending);
      for (const listener of this.#watched.get(ending.id)?.listeners ?? []) {
        const theirs = told.get(listener);
        if (theirs === undefined) told.set(listener, [ending]);
        else theirs.push(ending);
      }
      this.#watched.delete(ending.id);
    }
    for (const [listener, theirs] of told) listener.onEndings?.(theirs);
  }

  #remember(ending: Ending): void {
    this.#endings.set(ending.id, ending);
    if (this.#endings.size <= this.options.endingsMax) return;
    for (const oldest of this.#endings.keys()) {
      this.#endings.delete(oldest);
      break;
    }
  }
}

interface Watched {
  readonly listeners: Set<Listener>;
  /** When the last listener left. */
  leftAtMs: number;
}

interface Listener {
  onEndings: OnEndings | undefined;
}
