import { hash } from 'node:crypto';
import type { Happened, Node, NodeName, State } from '../world/state.js';

/** A state as text: that of a process is shared by all the states in which it is the same. */
export interface Stored {
  readonly nodes: readonly string[];
  readonly rest: string;
}

export function restored({ nodes, rest }: Stored): State {
  const parsed = nodes.map(text => JSON.parse(text) as [NodeName, Node]);
  return { nodes: Object.fromEntries(parsed), ...(JSON.parse(rest) as object) } as State;
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
  readonly #parts = new Map<string, { text: string; name: string }>();
  count = 0;

  /** Null when it was seen before, with no more faults. */
  add(state: State): Stored | null {
    const { nodes, ...rest } = state;
    const parts = Object.entries(nodes).map(entry => this.#part(JSON.stringify(entry), entry));
    const { crashes: _, duplicates: __, earlyTimers: ___, ...happened } = rest.happened;
    const name = digest(`${parts.map(part => part.name).join()} ${canonical({ ...rest, happened }, '')}`);
    const faults = faultsOf(rest.happened);
    const seen = this.#faults.get(name) ?? [];
    if (seen.some(other => other.every((count, index) => count <= faults[index]!))) return null;
    this.#faults.set(name, [...seen, faults]);
    this.count++;
    return { nodes: parts.map(part => part.text), rest: JSON.stringify(rest) };
  }

  #part(text: string, entry: unknown): { text: string; name: string } {
    let part = this.#parts.get(text);
    if (part === undefined) this.#parts.set(text, (part = { text, name: digest(canonical(entry, '')) }));
    return part;
  }
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
