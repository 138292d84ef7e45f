/**
 * What the pass that is being opened has asked the database for: begun by a handler's `prefetch`, taken once by its
 * `process`. What an earlier pass has read may be wrong by now, and is never given out.
 */
export class Prefetched<T> {
  #reading: Promise<T> | null = null;

  begin(reading: Promise<T>): void {
    this.#reading = reading;
    // Whoever opens the pass hears of a failure first.
    reading.catch(() => undefined);
  }

  /** Throws when nothing was begun since the last time. */
  take(): Promise<T> {
    const reading = this.#reading;
    if (reading === null) throw new TypeError('a pass was processed that was not prefetched');
    this.#reading = null;
    return reading;
  }
}
