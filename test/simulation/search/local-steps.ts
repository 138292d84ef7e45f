import type { Message } from '@ballast/messaging';
import type { Mutant } from '../world/mutants.js';
import type { Plan } from '../world/plan.js';
import { emptyNode, type Node, type NodeName, nodeNames, type State } from '../world/state.js';
import {
  cancelSteps,
  crashAndRestartSteps,
  dueSteps,
  duplicateSteps,
  ordinarySteps,
  type Step,
} from '../world/steps.js';
import { World } from '../world/world.js';
import {
  aroundAt,
  type Components,
  type Numbers,
  type Place,
  stateAround,
  type Ways,
  waysTo,
} from './components.js';

/** What a process can do at a place, worked out once. */
export interface LocalStep {
  readonly label: string;
  readonly kind: 'ordinary' | 'crash' | 'duplicate' | 'cancel';
  /** Whose message it is about; null when it is about none. */
  readonly from: NodeName | null;
  /** Where the process is then, but for what it sends to itself. */
  readonly node: Node;
  readonly ways: Ways;
  /** To whom it sends what, by the index of the reader. */
  readonly sent: readonly { readonly to: number; readonly ways: Ways }[];
  readonly around: number;
  readonly alarm: string | null;
}

/**
 * The steps of single processes. A step of one reads and changes that process, what is under way to it, and the
 * surroundings; to the others it only adds messages, behind those that are there. So it is the same step wherever the
 * others are, and has to be taken once only.
 */
export class LocalSteps {
  readonly #steps = nodeNames.map(() => new Map<number, readonly LocalStep[]>());
  readonly #timers = nodeNames.map(() => new Map<number, readonly number[]>());
  readonly #reached = new Map<LocalStep, Map<number, number>>();
  readonly #added = nodeNames.map(() => new Map<string, number>());

  constructor(
    private readonly components: Components,
    private readonly plan: Plan,
    private readonly mutant: Mutant | null,
  ) {}

  /** @param index the process's */
  at(index: number, numbers: Numbers): readonly LocalStep[] {
    const [place, around] = [numbers[index]!, numbers[aroundAt]!];
    const key = place * 65_536 + around;
    let steps = this.#steps[index]!.get(key);
    if (steps === undefined) {
      if (around >= 65_536) throw new RangeError('too many surroundings');
      this.#steps[index]!.set(key, (steps = this.#workOut(index, place, around)));
    }
    return steps;
  }

  /** When the process's timers are due. */
  timersAt(index: number, place: number): readonly number[] {
    let timers = this.#timers[index]!.get(place);
    if (timers === undefined) {
      const alone = this.#alone(index, this.components.placeAt(index, place), 0);
      timers = alone.timers().map(({ at }) => at);
      this.#timers[index]!.set(place, timers);
    }
    return timers;
  }

  /** The numbers after a step. */
  after(index: number, numbers: Numbers, step: LocalStep): Numbers {
    const next = [...numbers];
    next[index] = this.#placeAfter(index, step);
    for (const [number, { to, ways }] of step.sent.entries()) {
      const place = next[to]!;
      // The same message to the same place, again and again.
      let reached = this.#reached.get(step);
      if (reached === undefined) this.#reached.set(step, (reached = new Map()));
      const key = (number * 8 + to) * 2 ** 32 + place;
      let added = reached.get(key);
      if (added === undefined) reached.set(key, (added = this.#add(to, place, ways)));
      next[to] = added;
    }
    next[aroundAt] = step.around;
    return next;
  }

  readonly #places = new Map<LocalStep, number>();
  #placeAfter(index: number, step: LocalStep): number {
    let place = this.#places.get(step);
    if (place === undefined) {
      place = this.components.place(nodeNames[index]!, step.node, step.ways);
      this.#places.set(step, place);
    }
    return place;
  }

  #add(to: number, place: number, ways: Ways): number {
    const key = `${place} ${JSON.stringify(ways)}`;
    let added = this.#added[to]!.get(key);
    if (added === undefined) {
      const { node, ways: before } = this.components.placeAt(to, place);
      const together: Record<string, readonly Message[]> = { ...before };
      for (const [way, messages] of Object.entries(ways))
        together[way] = [...(before[way] ?? []), ...messages];
      added = this.components.place(nodeNames[to]!, JSON.parse(node) as Node, together);
      this.#added[to]!.set(key, added);
    }
    return added;
  }

  #workOut(index: number, place: number, around: number): LocalStep[] {
    const name = nodeNames[index]!;
    const here = this.components.placeAt(index, place);
    const listed = stepsOf(this.#alone(index, here, around), name);
    return listed.map(([kind], number) => {
      const world = this.#alone(index, here, around);
      const step = stepsOf(world, name)[number]![1];
      const label = step.label();
      step.take();
      // What a process sends is under way at once.
      const own = waysTo(name, world.state);
      // A mutant's has sent something already.
      const sent = Object.entries(world.state.ways).filter(([way]) => !(way in own));
      world.state = { ...world.state, ways: Object.fromEntries(sent) };
      if (world.node(name).outbox.length > 0) world.publish(name);
      const from = (step.from?.slice(1) ?? null) as NodeName | null;
      return this.#outcome({ kind, label, from }, name, world.state, own);
    });
  }

  #outcome(
    about: Pick<LocalStep, 'kind' | 'label' | 'from'>,
    name: NodeName,
    state: State,
    ways: Ways,
  ): LocalStep {
    const sent = nodeNames.flatMap((_, to) => {
      const added = waysTo(nodeNames[to]!, state);
      return Object.keys(added).length === 0 ? [] : [{ to, ways: added }];
    });
    return {
      ...about,
      node: state.nodes[name],
      ways,
      sent,
      around: this.components.around(state),
      alarm: state.happened.alarms[0] ?? null,
    };
  }

  /** A world with one process in it, and nobody else. */
  #alone(index: number, { node, ways }: Place, around: number): World {
    const nodes = Object.fromEntries(
      nodeNames.map((name, other) => [name, other === index ? (JSON.parse(node) as Node) : emptyNode()]),
    ) as State['nodes'];
    const state: State = {
      ...stateAround(this.components.surroundingsAt(around)),
      nodes,
      ways: JSON.parse(JSON.stringify(ways)) as State['ways'],
    };
    return new World(this.plan, this.mutant, state);
  }
}

function stepsOf(world: World, name: NodeName): (readonly [LocalStep['kind'], Step])[] {
  const of = (kind: LocalStep['kind'], steps: readonly Step[]) =>
    steps.filter(({ at }) => at === name).map(step => [kind, step] as const);
  return [
    ...of('ordinary', ordinarySteps(world)),
    ...of('ordinary', dueSteps(world)),
    ...of('duplicate', duplicateSteps(world)),
    ...of('crash', crashAndRestartSteps(world)),
    ...of('cancel', cancelSteps(world)),
  ];
}
