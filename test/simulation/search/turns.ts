import { decisionOf, type Instance } from '@ballast/two-phase';
import type { Plan } from '../world/plan.js';
import { type NodeName, nodeNames } from '../world/state.js';
import type { Components, Numbers } from './components.js';
import type { Bounds } from './explore.js';
import type { LocalStep } from './local-steps.js';

/**
 * After the decision of a two-phase commit nothing that happens between the coordinator and one participant is of any
 * consequence to another: what it hears from one changes what it knows of that one, and is answered to that one. So
 * every run from there is the same, but for the order of things that do not meet, as one in which the participants come
 * to rest in turns, and only those are looked at. The end belongs to whoever comes last: only he hears of it (the order
 * that it is cancelled, shipping that it may dispatch).
 *
 * Each participant still goes through all that it can go through, with all faults, and every end is reached. What the
 * invariants say of several participants is of things that never change back, and so is seen in the end as well.
 */
export class Turns {
  readonly #decisions = new Map<number, 'commit' | 'abort' | null>();

  constructor(
    private readonly components: Components,
    private readonly plan: Plan,
    { earlyTimers }: Bounds,
  ) {
    if (plan.protocol !== 'two-phase' || plan.orders.length > 1 || earlyTimers > 0)
      throw new RangeError('turns are taken by the branches of one order, and only while no time passes');
  }

  /**
   * The steps that have to be looked at.
   * @param possible all steps, by the index of the process
   */
  of(numbers: Numbers, possible: readonly (readonly LocalStep[])[]): readonly (readonly LocalStep[])[] {
    const decision = this.#decisionAt(numbers);
    const own = possible[orchestrator]!.filter(({ from, kind }) => from === null && kind === 'ordinary');
    // What the coordinator does by itself concerns everybody.
    if (decision === null || own.length > 0) return possible;
    const last = lastAfter[decision];
    const turn = [...nodeNames.filter(name => name !== last), last].filter(name => name !== 'orchestrator');
    const looked = new Set<NodeName | null>([null]);
    for (const name of turn) {
      looked.add(name);
      const its = [
        ...possible[nodeNames.indexOf(name)]!,
        ...possible[orchestrator]!.filter(({ from }) => from === name),
      ];
      if (its.some(({ kind }) => kind === 'ordinary')) break;
    }
    return possible.map((steps, index) =>
      index === orchestrator
        ? steps.filter(step => looked.has(step.from) && concernsOne(step, last))
        : looked.has(nodeNames[index]!)
          ? steps
          : [],
    );
  }

  #decisionAt(numbers: Numbers): 'commit' | 'abort' | null {
    const place = numbers[orchestrator]!;
    let decision = this.#decisions.get(place);
    if (decision === undefined) {
      const { instances } = this.components.viewAt(this.components.placeAt(orchestrator, place).view);
      const instance = instances[this.plan.orders[0]!.id] as Instance | undefined;
      this.#decisions.set(place, (decision = instance === undefined ? null : decisionOf(instance.state)));
    }
    return decision;
  }
}

const orchestrator = nodeNames.indexOf('orchestrator');
const lastAfter = { commit: 'shipping', abort: 'order' } as const;

/** What all of this rests on: a coordinator that has decided answers to whom it has heard from, and the end to the last. */
function concernsOne({ from, sent, label }: LocalStep, last: NodeName): boolean {
  const other = sent.find(({ to }) => nodeNames[to] !== from && nodeNames[to] !== last);
  if (other === undefined) return true;
  throw new Error(`${label}: it is decided, and ${nodeNames[other.to]} hears of it`);
}
