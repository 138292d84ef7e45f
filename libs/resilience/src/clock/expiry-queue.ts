import type { Clock, Timer } from './clock.js';

/**
 * What expires a fixed time after it was added, for any number of items with one timer among them. As all wait equally
 * long they expire in the order in which they came, so adding and removing are a link in a list. A timer is set when
 * there is none, is left alone when its item is removed in time, which nearly all are, and then finds the next.
 */
export class ExpiryQueue<T> {
  readonly #ends: Entry<T>;
  #timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    readonly timeoutMs: number,
    private readonly expire: (item: T) => void,
  ) {
    this.#ends = new Entry<T>(undefined as T, Infinity);
  }

  /** @param nowMs the clock's elapsed time, where the caller has just read it */
  add(item: T, nowMs = this.clock.elapsedMs()): Entry<T> {
    const entry = new Entry(item, nowMs + this.timeoutMs);
    const wasEmpty = this.#isEmpty();
    entry.insertBefore(this.#ends);
    if (this.#timer === null) this.#timer = this.clock.after(this.timeoutMs, this.#ring);
    else if (wasEmpty) this.#timer.hold(true);
    return entry;
  }

  /** Does nothing when it has expired or was removed before. */
  remove(entry: Entry<T>): void {
    // A timer that nobody needs must not keep the process alive.
    if (entry.unlink() && this.#isEmpty()) this.#timer?.hold(false);
  }

  #isEmpty(): boolean {
    return this.#ends.next === this.#ends;
  }

  readonly #ring = (): void => {
    this.#timer = null;
    const nowMs = this.clock.elapsedMs();
    let first = this.#ends.next;
    while (first !== this.#ends && first.dueMs <= nowMs) {
      first.unlink();
      this.expire(first.item);
      first = this.#ends.next;
    }
    // What expired may have added something, and with it a timer.
    if (first !== this.#ends) this.#timer ??= this.clock.after(first.dueMs - nowMs, this.#ring);
  };
}

/** A place in the queue. */
export class Entry<T> {
  next: Entry<T> = this;
  previous: Entry<T> = this;

  constructor(
    readonly item: T,
    readonly dueMs: number,
  ) {}

  insertBefore(other: Entry<T>): void {
    this.next = other;
    this.previous = other.previous;
    other.previous.next = this;
    other.previous = this;
  }

  /** @returns false when it was not in a list */
  unlink(): boolean {
    if (this.next === this) return false;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this.previous = this;
    return true;
  }
}
