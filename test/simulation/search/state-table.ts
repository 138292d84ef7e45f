import { aroundAt, type Numbers } from './components.js';

const width = aroundAt + 1;

/**
 * The states that were seen, six numbers each, and with how many faults: a hash table in a few large arrays, as there are
 * millions of them.
 */
export class StateTable {
  count = 0;
  #capacity = 1 << 16;
  #numbers = new Int32Array(this.#capacity * width);
  /** A bit for each count of faults with which whatever follows has been looked at; 0: nobody is there. */
  #covered = new Uint16Array(this.#capacity);

  /** False when it was seen before, with no more faults. @param covers bits of these faults and of any that are more */
  add(numbers: Numbers, faults: number, covers: number): boolean {
    if (this.count * 2 > this.#capacity) this.#grow();
    const slot = this.#slotOf(numbers);
    const covered = this.#covered[slot]!;
    if ((covered & (1 << faults)) !== 0) return false;
    if (covered === 0) {
      this.count++;
      this.#numbers.set(numbers, slot * width);
    }
    this.#covered[slot] = covered | covers;
    return true;
  }

  #slotOf(numbers: Numbers): number {
    let hash = 0;
    for (let index = 0; index < width; index++)
      hash = Math.imul(hash ^ numbers[index]!, 0x9e3779b1) ^ (hash >>> 15);
    const mask = this.#capacity - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (this.#covered[slot] === 0 || this.#isAt(slot, numbers)) return slot;
    }
  }

  #isAt(slot: number, numbers: Numbers): boolean {
    for (let index = 0; index < width; index++) {
      if (this.#numbers[slot * width + index] !== numbers[index]) return false;
    }
    return true;
  }

  #grow(): void {
    const [numbers, covered] = [this.#numbers, this.#covered];
    this.#capacity *= 2;
    this.#numbers = new Int32Array(this.#capacity * width);
    this.#covered = new Uint16Array(this.#capacity);
    for (let old = 0; old < covered.length; old++) {
      if (covered[old] === 0) continue;
      const row = numbers.subarray(old * width, old * width + width);
      const slot = this.#slotOf(row as unknown as Numbers);
      this.#numbers.set(row, slot * width);
      this.#covered[slot] = covered[old]!;
    }
  }
}
