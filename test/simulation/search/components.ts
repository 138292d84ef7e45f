import type { Message } from '@ballast/messaging';
import { type Node, type NodeName, nodeNames, type Parties, type State } from '../world/state.js';

/** Gives equal things the same number, from 0, and the thing for a number. */
export class Numbered<T> {
  readonly #numbers = new Map<string, number>();
  readonly #things: T[] = [];

  /** @param name the same for things that behave alike */
  of(name: string, make: () => T): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#things.length;
      this.#numbers.set(name, number);
      this.#things.push(make());
    }
    return number;
  }

  at(number: number): T {
    return this.#things[number]!;
  }
}

/** A process with what is under way to it: a step of it reads and changes nothing else but the surroundings. */
export interface Place {
  /** The node's JSON: parsed anew whenever it is to be changed. */
  readonly node: string;
  readonly ways: Ways;
  /** The number of what the invariants see of the node. */
  readonly view: number;
}
export type Ways = Readonly<Record<string, readonly Message[]>>;

/** What belongs to no process. How much has gone wrong is counted apart. */
export interface Surroundings {
  readonly now: number;
  readonly parties: Parties;
  readonly cancelled: readonly string[];
}

/** A state is six numbers: a place for each process, and the surroundings. */
export type Numbers = readonly number[];
export const aroundAt = nodeNames.length;

/**
 * The parts that states are made of. A shop of five processes has millions of states, and each of its processes some
 * thousands: what a process can do is worked out once for each of those.
 */
export class Components {
  readonly #places = nodeNames.map(() => new Numbered<Place>());
  readonly #surroundings = new Numbered<Surroundings>();
  readonly #views = new Numbered<Node>();

  numbersOf(state: State): Numbers {
    const places = nodeNames.map(name => this.place(name, state.nodes[name], waysTo(name, state)));
    return [...places, this.around(state)];
  }

  place(name: NodeName, node: Node, ways: Ways): number {
    const key = `${canonical(node, '')} ${canonical(ways, '')}`;
    return this.#places[nodeNames.indexOf(name)]!.of(key, () => {
      const view = viewOf(node);
      const text = JSON.stringify(view);
      return { node: JSON.stringify(node), ways, view: this.#views.of(text, () => JSON.parse(text) as Node) };
    });
  }

  around({ now, parties, happened: { cancelled } }: State): number {
    const text = JSON.stringify({ now, parties, cancelled });
    return this.#surroundings.of(
      canonical({ now, parties, cancelled }, ''),
      () => JSON.parse(text) as Surroundings,
    );
  }

  placeAt(index: number, number: number): Place {
    return this.#places[index]!.at(number);
  }

  surroundingsAt(number: number): Surroundings {
    return this.#surroundings.at(number);
  }

  /** What the invariants see of a process. */
  viewAt(number: number): Node {
    return this.#views.at(number);
  }

  /** The whole state, for looking at. */
  stateOf(numbers: Numbers): State {
    const nodes = nodeNames.map((name, index) => {
      const { node } = this.placeAt(index, numbers[index]!);
      return [name, JSON.parse(node) as Node] as const;
    });
    const ways = nodeNames.map((_, index) => this.placeAt(index, numbers[index]!).ways);
    return {
      ...stateAround(this.surroundingsAt(numbers[aroundAt]!)),
      nodes: Object.fromEntries(nodes) as State['nodes'],
      ways: JSON.parse(JSON.stringify(Object.assign({}, ...ways))) as State['ways'],
    };
  }
}

/** A state without processes and messages, in which nothing has gone wrong. */
export function stateAround(surroundings: Surroundings): Omit<State, 'nodes' | 'ways'> {
  const { now, parties, cancelled } = JSON.parse(JSON.stringify(surroundings)) as Surroundings;
  return {
    now,
    parties,
    happened: { crashes: 0, duplicates: 0, earlyTimers: 0, cancelled: [...cancelled], alarms: [] },
  };
}

export const waysTo = (name: NodeName, { ways }: State): Ways =>
  Object.fromEntries(
    Object.entries(ways)
      .filter(([way]) => way.startsWith(`${name}|`))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );

/** The business's records, and of branches and coordinators which state they are in: the invariants get nothing else. */
function viewOf({ own, shared, entries, markers, branches, instances }: Node) {
  const mapped = <T, U>(rows: Readonly<Record<string, T>>, to: (row: T) => U) =>
    Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, to(row)]));
  return {
    own,
    shared,
    entries,
    markers,
    branches: mapped(branches, ({ state: { kind } }) => ({ state: { kind } })),
    instances: mapped(instances, ({ state }) => ({
      state:
        state.kind === 'parked'
          ? { kind: state.kind, resumeAs: { kind: state.resumeAs.kind } }
          : { kind: state.kind },
    })),
  };
}

/** The same text for what behaves alike, in whatever order its records were written. */
export function canonical(value: unknown, at: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) {
    const items = value.map(item => canonical(item, at));
    // Nobody asks which of these came first.
    return `[${(at === 'tasks' || at === 'facts' ? items.sort() : items).join()}]`;
  }
  // Only the payment reacts to the first of several events: to the others, what they have heard is a set.
  const payment = (value as { participant?: string }).participant === 'payment';
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([key, one]) => `${key}:${canonical(one, key === 'facts' && payment ? 'facts in order' : key)}`);
  return `{${entries.sort().join()}}`;
}
