export interface GradientBounds {
  readonly limitMin: number;
  readonly limitMax: number;
  readonly limitStart: number;
}

/** An answer may take this many times as long as without load before the limit goes down. */
const tolerance = 1.5;
/** How much of the way to a new limit is gone at once. */
const step = 0.2;
/** A drop takes a tenth off. */
const afterDrop = 0.9;
const samplesPerWindow = 10;
/** How often the time without load is measured anew: it changes, and what was measured under load is too long. */
const windowsBetweenProbes = 250;
/** With a half a short line would be taken for none, and the limit would settle where there is always one. */
const whileProbing = 0.25;

/**
 * How many calls a dependency can take at a time, found out from how long its answers take (the idea is that of
 * TCP Vegas, and of Netflix's concurrency-limits): longer than without load means that calls wait in line over there,
 * so fewer are made; as long as without load leaves room for a few more, about the square root. What it refuses or does
 * not answer takes a tenth off.
 *
 * Works on windows of answers. Every now and then the limit is a quarter for two of them, the first to let the line
 * run empty and the second to measure how long an answer takes without one.
 */
export class Gradient {
  #limit: number;
  #unloadedMs = Infinity;
  #samples = 0;
  #sumMs = 0;
  #inFlightMax = 0;
  #dropped = false;
  #windows = 0;
  /** How many windows of a probe are still to come. */
  #probing = 0;

  constructor(private bounds: GradientBounds) {
    this.#limit = bounds.limitStart;
  }

  /** Whole, from `limitMin` to `limitMax`. */
  get limit(): number {
    const { limitMin } = this.bounds;
    const limit = this.#probing > 0 ? this.#limit * whileProbing : this.#limit;
    return Math.max(limitMin, Math.floor(limit));
  }

  get unloadedMs(): number {
    return this.#unloadedMs;
  }

  reconfigure(bounds: GradientBounds): void {
    this.bounds = bounds;
    this.#setLimit(this.#limit);
  }

  /** @param inFlight how many calls were under way when this one ended, itself included */
  answered(tookMs: number, inFlight: number): void {
    this.#samples++;
    this.#sumMs += tookMs;
    this.#inFlightMax = Math.max(this.#inFlightMax, inFlight);
    if (this.#samples >= samplesPerWindow) this.#endWindow();
  }

  /** Refused over there for too much work, or not answered in time. */
  dropped(): void {
    // A whole bunch that is dropped together is one sign of overload, not many.
    if (!this.#dropped) this.#setLimit(this.#limit * afterDrop);
    this.#dropped = true;
    this.#samples++;
    if (this.#samples >= samplesPerWindow) this.#endWindow();
  }

  #endWindow(): void {
    const tookMs = this.#sumMs / this.#samples;
    const wasFullEnough = this.#inFlightMax >= this.limit / 2;
    if (!this.#dropped) this.#learn(Math.max(tookMs, Number.MIN_VALUE), wasFullEnough);
    this.#samples = this.#sumMs = this.#inFlightMax = 0;
    this.#dropped = false;
  }

  #learn(tookMs: number, wasFullEnough: boolean): void {
    if (this.#probing > 0) {
      this.#probing--;
      if (this.#probing === 0) this.#unloadedMs = tookMs;
      return;
    }
    this.#unloadedMs = Math.min(this.#unloadedMs, tookMs);
    if (++this.#windows % windowsBetweenProbes === 0) {
      this.#probing = 2;
      return;
    }
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.#unloadedMs) / tookMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    // With few calls under way short times say nothing about more of them.
    if (wanted > this.#limit && !wasFullEnough) return;
    this.#setLimit(this.#limit + step * (wanted - this.#limit));
  }

  #setLimit(limit: number): void {
    const { limitMin, limitMax } = this.bounds;
    this.#limit = Math.max(limitMin, Math.min(limitMax, limit));
  }
}
