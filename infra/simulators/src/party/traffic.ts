/** The calls that come to a party: counted, and handled so many at a time. */
export class Traffic {
  readonly #calls: Record<string, number> = {};
  readonly #line: (() => void)[] = [];
  #handled = 0;
  #workers = Infinity;

  /** How many calls came for each operation; how many are being handled, and how many wait. */
  get counts() {
    return { calls: { ...this.#calls }, handled: this.#handled, waiting: this.#line.length };
  }

  /** @param workers how many calls are handled at a time; the others wait in line, even if who called is gone */
  limit(workers = Infinity): void {
    this.#workers = workers;
    this.#admit();
  }

  /** Resolves when it is the call's turn; undefined when it is at once. */
  enter(operation: string): Promise<void> | undefined {
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    if (this.#handled < this.#workers) {
      this.#handled++;
      return undefined;
    }
    return new Promise(resolve => this.#line.push(resolve));
  }

  leave(): void {
    this.#handled--;
    this.#admit();
  }

  #admit(): void {
    while (this.#handled < this.#workers) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#handled++;
      next();
    }
  }
}
