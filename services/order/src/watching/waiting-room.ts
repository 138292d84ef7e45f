import { problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/** A response, as far as a wait is concerned: it closes when it was sent, or when the client went away before. */
export interface Closing {
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/**
 * Where answers are held back until something happens. It has a bounded number of seats, and empties at once when it
 * closes: an open wait would hold up the shutdown for ever.
 */
export class WaitingRoom {
  readonly #guests = new Set<() => void>();
  #free: number;
  #closed = false;

  /** @param seats in all; an order that somebody waits for takes one */
  constructor(private readonly seats: number) {
    this.#free = seats;
  }

  /** How many seats are free. */
  get free(): number {
    return this.#free;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Takes seats until the returned function is called, once or more.
   * @param leave called when the room closes
   * @throws Problem (503) when there are not enough seats left
   */
  enter(seats: number, leave: () => void): () => void {
    if (seats > this.#free) {
      throw new Problem(
        problems.UNAVAILABLE,
        `more than ${this.seats} orders are being waited for; ask without waiting`,
        {
          headers: { 'retry-after': '1' },
        },
      );
    }
    this.#free -= seats;
    this.#guests.add(leave);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#free += seats;
      this.#guests.delete(leave);
    };
  }

  /**
   * What `watch` hands over first; undefined when that does not come in time, the client has gone or the room closes.
   * @param watch begins to watch, and never hands over before it has returned; its result ends the watch
   * @throws Problem (503) when there are not enough seats left
   */
  wait<T>(
    { seats, waitMs, client }: { seats: number; waitMs: number; client: Closing },
    watch: (handOver: (value: T) => void) => () => void,
  ): Promise<T | undefined> {
    if (this.#closed || waitMs <= 0) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const end = (value: T | undefined) => {
        clearTimeout(timer);
        client.off('close', leave);
        unwatch();
        exit();
        resolve(value);
      };
      const leave = () => end(undefined);
      let exit: () => void;
      try {
        exit = this.enter(seats, leave);
      } catch (error) {
        reject(error as Error);
        return;
      }
      const unwatch = watch(end);
      const timer = setTimeout(leave, waitMs);
      client.once('close', leave);
    });
  }

  /** Sends everybody home; who comes later is not kept waiting. */
  close(): void {
    this.#closed = true;
    for (const leave of [...this.#guests]) leave();
  }
}
