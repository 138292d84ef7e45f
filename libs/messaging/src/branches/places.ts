/** So many at a time; the others wait in the order in which they came. */
export class Places {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly max: number) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.max) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#taken++;
    try {
      return await work();
    } finally {
      // The place is handed on: it is not free in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }
}
