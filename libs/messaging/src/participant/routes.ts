import type { OutsideCall } from '@ballast/contracts';
import type { Rule, Side } from './barrier.js';
import type { AnyOperation, Guarded, Participant } from './definition.js';

/** Where a command goes: one side of one of the participant's barriers. */
export interface Route {
  readonly operation: AnyOperation<unknown, OutsideCall>;
  readonly side: Side;
  readonly rule: Rule;
  /** The place of the barrier among the order's barriers. */
  readonly place: number;
}

/** One barrier of an order: its name in the table, the type of the do, and the routes that lead to it. */
export interface Gate {
  readonly name: string;
  readonly rule: Rule;
  readonly do: Route;
  readonly undo: Route | null;
}

/** What a participant's definition says, laid out for the loop. */
export interface Routes {
  readonly byType: ReadonlyMap<string, Route>;
  readonly gates: readonly Gate[];
  /** Whether any of its operations may ask an outside party. */
  readonly asksOutside: boolean;
}

/** Throws for a definition that cannot work: at start-up, not at the first message. */
export function routesOf<Own, Shared, Entry, Call extends OutsideCall>(
  participant: Participant<Own, Shared, Entry, Call>,
): Routes {
  const byType = new Map<string, Route>();
  const gates = participant.operations.map((guarded, place): Gate => {
    const route = (side: Side, operation: unknown): Route => ({
      // What an operation decides on is the participant's own business from here on.
      operation: operation as Route['operation'],
      side,
      rule: guarded.rule,
      place,
    });
    const gate = {
      name: guarded.do.command.type as string,
      rule: guarded.rule,
      do: route('do', guarded.do),
      undo: guarded.rule === 'undoable' ? route('undo', undoOf(participant.name, guarded)) : null,
    };
    for (const entry of [gate.do, gate.undo]) {
      if (entry === null) continue;
      const { type } = entry.operation.command;
      if (byType.has(type)) throw new TypeError(`${participant.name} handles ${type} twice`);
      byType.set(type, entry);
    }
    return gate;
  });
  const asksOutside = [...byType.values()].some(({ operation }) => operation.answered !== undefined);
  return { byType, gates, asksOutside };
}

/** An undo that finds nothing to undo is answered without the domain: an empty reply must be one of its replies. */
function undoOf<State, Call extends OutsideCall>(
  name: string,
  { undo }: Guarded<State, Call> & { rule: 'undoable' },
): AnyOperation<State, Call> {
  if (!undo.command.reply.safeParse({}).success) {
    throw new TypeError(`${name}: ${undo.command.type} is an undo, so {} has to be a reply of it`);
  }
  return undo;
}
