import type { Clock, Timer } from '../clock/clock.js';

/** Time that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #timers: { readonly dueMs: number; readonly callback: () => void; held: boolean }[] = [];

  /** @param startEpochMs what time it is at first, in milliseconds since 1970 */
  constructor(private readonly startEpochMs = Date.UTC(2026, 0, 1)) {}

  epochMs(): number {
    return this.startEpochMs + this.#elapsedMs;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), callback, held: true };
    const index = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return {
      stop: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
      hold(held) {
        timer.held = held;
      },
    };
  }

  /** How many timers wait to ring. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Whether one of them would keep a process alive. */
  get isHeld(): boolean {
    return this.#timers.some(({ held }) => held);
  }

  /** Rings everything that is due within `ms`, each at its own time, and lets what follows from it happen. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await settled();
    for (;;) {
      const [first] = this.#timers;
      if (first === undefined || first.dueMs > untilMs) break;
      this.#timers.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, first.dueMs);
      first.callback();
      await settled();
    }
    this.#elapsedMs = untilMs;
  }
}

/** Until all that promises have to do is done. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
