import { aroundAt, type Numbers } from './components.js';

const width = aroundAt + 1;

/** How a state was reached first: from which one, and by what. */
export interface Reached {
  readonly before: number;
  readonly label: string;
}

/**
 * The states that were seen, six numbers each, with how many faults and from where: a hash table in a few large arrays,
 * some 40 bytes per state, as there are millions of them. A state is known by the number under which it was added.
 */
export class StateTable {
  count = 0;
  #numbers = new Int32Array(1 << 18);
  /** A bit for each count of faults with which whatever follows has been looked at. */
  #covered = new Uint16Array(1 << 15);
  #before = new Int32Array(1 << 15);
  #labelNumbers = new Int32Array(1 << 15);
  /** By hash: the state's number and 1; 0 where there is none. */
  #slots = new Int32Array(1 << 16);
  readonly #labels: string[] = [];
  readonly #numberOfLabel = new Map<string, number>();

  /**
   * The state's number; null when it was seen before, with no more faults.
   * @param covers bits of these faults and of any that are more
   */
  add(numbers: Numbers, faults: number, covers: number, { before, label }: Reached): number | null {
    const slot = this.#slotOf(numbers);
    const known = this.#slots[slot]!;
    if (known !== 0) {
      const state = known - 1;
      if ((this.#covered[state]! & (1 << faults)) !== 0) return null;
      this.#covered[state]! |= covers;
      return state;
    }
    const state = this.count++;
    this.#makeRoom();
    this.#numbers.set(numbers, state * width);
    this.#covered[state] = covers;
    this.#before[state] = before;
    this.#labelNumbers[state] = this.#labelNumber(label);
    this.#slots[slot] = state + 1;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return state;
  }

  numbersOf(state: number): Numbers {
    return [...this.#numbers.subarray(state * width, state * width + width)];
  }

  /** What has led to a state, step by step. */
  storyOf(state: number): string[] {
    const story: string[] = [];
    for (let at = state; this.#before[at] !== -1; at = this.#before[at]!)
      story.unshift(this.#labels[this.#labelNumbers[at]!]!);
    return story;
  }

  #labelNumber(label: string): number {
    let number = this.#numberOfLabel.get(label);
    if (number === undefined) {
      number = this.#labels.push(label) - 1;
      this.#numberOfLabel.set(label, number);
    }
    return number;
  }

  #slotOf(numbers: ArrayLike<number>): number {
    let hash = 0;
    for (let index = 0; index < width; index++)
      hash = Math.imul(hash ^ numbers[index]!, 0x9e3779b1) ^ (hash >>> 15);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 16)) & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot]!;
      if (known === 0 || this.#is(known - 1, numbers)) return slot;
    }
  }

  #is(state: number, numbers: ArrayLike<number>): boolean {
    for (let index = 0; index < width; index++) {
      if (this.#numbers[state * width + index] !== numbers[index]) return false;
    }
    return true;
  }

  #makeRoom(): void {
    if (this.count <= this.#covered.length) return;
    const larger = <T extends Int32Array | Uint16Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const room = this.#covered.length * 2;
    this.#numbers = larger(
      this.#numbers,
      new Int32Array(room * (this.#numbers.length / this.#covered.length)),
    );
    this.#before = larger(this.#before, new Int32Array(room));
    this.#labelNumbers = larger(this.#labelNumbers, new Int32Array(room));
    this.#covered = larger(this.#covered, new Uint16Array(room));
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let state = 0; state < this.count; state++) {
      const numbers = this.#numbers.subarray(state * width, state * width + width);
      this.#slots[this.#slotOf(numbers)] = state + 1;
    }
  }
}
