import { hash } from 'node:crypto';
import { type Happened, type Node, type NodeName, nodeNames, type State } from '../world/state.js';

/** A state that was stored: what its processes look like is shared by all the states in which they look so. */
export interface Stored {
  readonly parts: readonly Part[];
  readonly rest: string;
}

interface Part {
  readonly text: string;
  readonly name: string;
  /** For reading: it throws when it is changed. */
  readonly node: Node;
}

/** The state for looking at, its processes for reading only; `at` is the one that may be changed. */
export function restored({ parts, rest }: Stored, at: NodeName | null): State {
  const nodes = nodeNames.map((name, index) => {
    const { text, node } = parts[index]!;
    return [name, name === at ? (JSON.parse(text) as Node) : node];
  });
  return { nodes: Object.fromEntries(nodes), ...(JSON.parse(rest) as object) } as State;
}

type Faults = readonly number[];
const faultsOf = ({ crashes, duplicates, earlyTimers }: Happened): Faults => [
  crashes,
  duplicates,
  earlyTimers,
];

/** What is still to be looked at, by the number of faults that it took to get there. */
export class Places<Place> {
  readonly #byFaults: Place[][] = [];

  add({ happened }: State, place: Place): void {
    const count = faultsOf(happened).reduce((sum, one) => sum + one, 0);
    while (this.#byFaults.length <= count) this.#byFaults.push([]);
    this.#byFaults[count]!.push(place);
  }

  next(): Place | undefined {
    return this.#byFaults.find(places => places.length > 0)?.pop();
  }
}

/** The states that were seen, by name, with the faults that it took. */
export class Visited {
  readonly #faults = new Map<string, Faults[]>();
  /** What a process looks like, by its text. Most are as they were. */
  readonly #parts = new Map<string, Part>();
  readonly #known = new WeakMap<Node, Part>();
  count = 0;

  /** Null when it was seen before, with no more faults. */
  add(state: State): Stored | null {
    const { nodes, ...rest } = state;
    const parts = nodeNames.map(name => this.#known.get(nodes[name]) ?? this.#part(nodes[name]));
    const { crashes: _, duplicates: __, earlyTimers: ___, ...happened } = rest.happened;
    const name = digest(`${parts.map(part => part.name).join()} ${canonical({ ...rest, happened }, '')}`);
    const faults = faultsOf(rest.happened);
    const seen = this.#faults.get(name);
    if (seen?.some(other => other.every((count, index) => count <= faults[index]!))) return null;
    this.#faults.set(name, seen === undefined ? [faults] : [...seen, faults]);
    this.count++;
    return { parts, rest: JSON.stringify(rest) };
  }

  #part(changed: Node): Part {
    const text = JSON.stringify(changed);
    let part = this.#parts.get(text);
    if (part === undefined) {
      const node = frozen(JSON.parse(text) as Node);
      this.#parts.set(text, (part = { text, name: digest(canonical(node, '')), node }));
      this.#known.set(node, part);
    }
    return part;
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const digest = (text: string): string => hash('sha1', text, 'base64');

/** The same text for states that behave alike, in whatever order their records were written. */
function canonical(value: unknown, at: string): string {
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
