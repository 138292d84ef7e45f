/** Calls that have settled within the last `windowMs`, to a tenth of it. Keeps sums only: its size never changes. */
export class CallWindow {
  #buckets: Bucket[] = [];
  #current = 0;
  #currentUntilMs: number;
  #bucketMs: number;
  calls = 0;
  failures = 0;
  slow = 0;

  constructor(windowMs: number, nowMs: number) {
    this.#bucketMs = windowMs / bucketCount;
    this.#currentUntilMs = nowMs + this.#bucketMs;
    this.clear();
  }

  record(nowMs: number, failed: boolean, slow: boolean): void {
    this.moveTo(nowMs);
    const bucket = this.#buckets[this.#current]!;
    bucket.calls++;
    this.calls++;
    if (failed) {
      bucket.failures++;
      this.failures++;
    }
    if (slow) {
      bucket.slow++;
      this.slow++;
    }
  }

  /** Forgets what is too old by now. */
  moveTo(nowMs: number): void {
    if (nowMs < this.#currentUntilMs) return;
    const steps = Math.floor((nowMs - this.#currentUntilMs) / this.#bucketMs) + 1;
    for (let step = 0; step < Math.min(steps, bucketCount); step++) {
      this.#current = (this.#current + 1) % bucketCount;
      const old = this.#buckets[this.#current]!;
      this.calls -= old.calls;
      this.failures -= old.failures;
      this.slow -= old.slow;
      old.calls = old.failures = old.slow = 0;
    }
    this.#currentUntilMs += steps * this.#bucketMs;
  }

  /** Is longer or shorter from now on, and keeps what has settled within it. */
  resize(windowMs: number, nowMs: number): void {
    this.moveTo(nowMs);
    const old = [...this.#buckets.slice(this.#current + 1), ...this.#buckets.slice(0, this.#current + 1)];
    const oldMs = this.#bucketMs;
    const newMs = windowMs / bucketCount;
    const startMs = Math.max(this.#currentUntilMs - oldMs, nowMs - newMs);
    this.clear();
    this.#bucketMs = newMs;
    this.#current = bucketCount - 1;
    this.#currentUntilMs = startMs + newMs;
    for (const [age, bucket] of old.reverse().entries()) {
      // What a bucket has counts as its latest: it is forgotten a little late rather than too soon.
      const newAge = age === 0 ? 0 : 1 + Math.floor(((age - 1) * oldMs) / newMs);
      if (newAge < bucketCount) this.#add(bucket, bucketCount - 1 - newAge);
    }
    this.moveTo(nowMs);
  }

  #add({ calls, failures, slow }: Bucket, to: number): void {
    const bucket = this.#buckets[to]!;
    bucket.calls += calls;
    bucket.failures += failures;
    bucket.slow += slow;
    this.calls += calls;
    this.failures += failures;
    this.slow += slow;
  }

  clear(): void {
    this.#buckets = Array.from({ length: bucketCount }, () => ({ calls: 0, failures: 0, slow: 0 }));
    this.calls = this.failures = this.slow = 0;
  }
}

const bucketCount = 10;

interface Bucket {
  calls: number;
  failures: number;
  slow: number;
}
