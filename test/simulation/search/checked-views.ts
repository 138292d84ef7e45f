import type { Plan } from '../world/plan.js';
import { nodeNames, type State } from '../world/state.js';
import { aroundAt, type Components, type Numbers, stateAround } from './components.js';
import { brokenAtOnce, type Glance, glanceAt } from './invariants.js';

/** Asks the invariants after every step, and remembers what they have said of what they see. */
export class CheckedViews {
  readonly #answers = new Map<string, string | null>();
  readonly #glances = new Map<string, Glance>();

  constructor(
    private readonly components: Components,
    private readonly plan: Plan,
  ) {}

  /** What a step has broken; null when it has broken nothing. */
  broken(before: Numbers, after: Numbers): string | null {
    if (this.#looksAlike(before, after)) return null;
    const [from, to] = [this.#nameOf(before), this.#nameOf(after)];
    const name = `${from}>${to}`;
    let answer = this.#answers.get(name);
    if (answer === undefined) {
      answer = brokenAtOnce(
        this.#seen(after),
        this.plan,
        this.#glance(from, before),
        this.#glance(to, after),
      );
      this.#answers.set(name, answer);
    }
    return answer;
  }

  #glance(name: string, numbers: Numbers): Glance {
    let glance = this.#glances.get(name);
    if (glance === undefined) this.#glances.set(name, (glance = glanceAt(this.#seen(numbers), this.plan)));
    return glance;
  }

  /** As much of a state as the invariants may look at: they are asked of nothing else. */
  #seen(numbers: Numbers): State {
    const nodes = nodeNames.map((name, index) => [
      name,
      this.components.viewAt(this.components.placeAt(index, numbers[index]!).view),
    ]);
    const around = stateAround(this.components.surroundingsAt(numbers[aroundAt]!));
    return { ...around, ways: {}, nodes: Object.fromEntries(nodes) as State['nodes'] };
  }

  #looksAlike(before: Numbers, after: Numbers): boolean {
    if (before[aroundAt] !== after[aroundAt]) return false;
    return nodeNames.every((_, index) => this.#view(before, index) === this.#view(after, index));
  }

  #nameOf(numbers: Numbers): string {
    return `${nodeNames.map((_, index) => this.#view(numbers, index)).join()},${numbers[aroundAt]}`;
  }

  #view(numbers: Numbers, index: number): number {
    return this.components.placeAt(index, numbers[index]!).view;
  }
}
