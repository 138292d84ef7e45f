/** Where time comes from. Tests give another one: `VirtualClock` of `@ballast/resilience/testing`. */
export interface Clock {
  /** Milliseconds since 1970. For deadlines, as they travel from machine to machine. */
  epochMs(): number;
  /** Milliseconds since some moment; correcting the machine's time does not move it. For durations. */
  elapsedMs(): number;
  /** Calls back once, unless it is stopped. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  stop(): void;
  /** Whether the process stays alive for it: at first it does. */
  hold(held: boolean): void;
}

/** The most that Node's timers can wait for; with more they ring at once. */
const delayMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  epochMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, delayMaxMs));
    return {
      stop: () => clearTimeout(timer),
      hold(held) {
        if (held) timer.ref();
        else timer.unref();
      },
    };
  },
};
