/** Rows of one source in the order of order ids, read in pieces, so that sources of any size can be joined. */
export class SortedRows<Row extends { readonly orderId: string }> {
  #rows: readonly Row[] = [];
  #next = 0;
  #ended = false;

  /** @param fetch the next piece; an empty one is the end */
  constructor(private readonly fetch: () => Promise<readonly Row[]> | readonly Row[]) {}

  /** The order of the next row; null at the end. */
  async head(): Promise<string | null> {
    if (this.#next === this.#rows.length && !this.#ended) {
      this.#rows = await this.fetch();
      this.#next = 0;
      this.#ended = this.#rows.length === 0;
    }
    return this.#rows[this.#next]?.orderId ?? null;
  }

  /** The rows of this order, if it is the next one's. */
  async take(orderId: string): Promise<Row[]> {
    const taken: Row[] = [];
    while ((await this.head()) === orderId) {
      while (this.#rows[this.#next]?.orderId === orderId) taken.push(this.#rows[this.#next++]!);
    }
    return taken;
  }
}

/** The smallest id that comes next in any of the sources; null when all are at their end. */
export async function nextOrder(
  sources: readonly SortedRows<{ readonly orderId: string }>[],
): Promise<string | null> {
  let least: string | null = null;
  for (const source of sources) {
    const head = await source.head();
    if (head !== null && (least === null || head < least)) least = head;
  }
  return least;
}
