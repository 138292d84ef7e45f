import { type Item, orderIdOf } from './item.js';

/** An item that takes too long alone as often as this, is to blame, and not the machine. */
const timesMax = 3;

/**
 * How much a pass may handle. The server ends a transaction that takes too long, and the same pass would take as long
 * again: it is made smaller, down to the one item that takes too long by itself.
 */
export class PassSize {
  #itemsMax: number;
  #suspect: { readonly name: string; times: number } | null = null;

  constructor(private readonly usual: number) {
    this.#itemsMax = usual;
  }

  get itemsMax(): number {
    return this.#itemsMax;
  }

  tookTooLong(items: readonly Item[]): void {
    this.#itemsMax = Math.max(1, this.#itemsMax >> 2);
    if (items.length !== 1) return;
    const name = nameOf(items[0]!);
    if (this.#suspect?.name === name) this.#suspect.times++;
    else this.#suspect = { name, times: 1 };
  }

  committed(items: readonly Item[]): void {
    if (items.some(item => this.#isSuspect(item))) this.#suspect = null;
    // Smaller than the suspect and its neighbours, until it is known which of them it is.
    if (this.#suspect === null && this.#itemsMax < this.usual) this.#itemsMax++;
  }

  /** Whether it has taken too long alone, again and again. */
  isToBlame(item: Item): boolean {
    return this.#isSuspect(item) && this.#suspect!.times >= timesMax;
  }

  #isSuspect(item: Item): boolean {
    return this.#suspect !== null && this.#suspect.name === nameOf(item);
  }
}

/** The same for an item that comes again, after its lane was claimed anew. */
function nameOf(item: Item): string {
  switch (item.from) {
    case 'log':
      return `${item.topic}/${item.lane}/${item.offset}`;
    case 'held':
      return `held/${item.seq}`;
    default:
      return `${item.from}/${orderIdOf(item)}`;
  }
}
