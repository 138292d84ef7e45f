import type { OutsideCall } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import type { BranchOrder, TwoPhaseDefinition, WorkItem } from '@ballast/two-phase';
import type { z } from 'zod';
import type { Participant } from '../participant/definition.js';
import { type Routes, routesOf } from '../participant/routes.js';

/** What a participant has to know of a two-phase commit. */
export type Preparable = Pick<TwoPhaseDefinition, 'name' | 'version' | 'work'> & {
  readonly input: z.ZodType;
};

/** What a branch's work came to, before it is prepared. */
export type Worked =
  | { readonly kind: 'done'; readonly keys: readonly string[] }
  /** The domain's no, with one of the codes that the definition knows. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string | undefined }
  /** Somebody else holds a record that it needs. */
  | { readonly kind: 'locked'; readonly keys: readonly string[] };

/** A participant's part in two-phase commits: its own domain functions and storage, in a transaction that is prepared. */
export interface BranchWork {
  readonly name: string;
  /** The definition that branches usually belong to. */
  readonly definition: string;
  /** Throws for a definition that this participant has no part in. */
  check(order: BranchOrder): void;
  /** Loads, decides and saves. Throws what the participant's functions throw. */
  run(tx: Queries, orderId: string, order: BranchOrder): Promise<Worked>;
}

/**
 * @param definitions every version that branches may still be asked for, the usual one first
 * Throws for a definition that asks the participant for something that can't be prepared.
 */
export function branchWorkOf<Own, Shared, Entry, Call extends OutsideCall>(
  participant: Participant<Own, Shared, Entry, Call>,
  definitions: readonly [Preparable, ...Preparable[]],
): BranchWork {
  const { name } = participant;
  const routes = routesOf(participant);
  const known = new Map(
    definitions.map(definition => [keyOf(definition.name, definition.version), definition]),
  );
  for (const definition of definitions) assertPreparable(definition, name, routes);

  const definitionOf = (order: BranchOrder): Preparable => {
    const definition = known.get(keyOf(order.definition, order.version));
    if (definition === undefined) {
      throw new TypeError(
        `${order.definition} ${order.version} is not known here: ${[...known.keys()].join(', ')}`,
      );
    }
    return definition;
  };

  return {
    name,
    definition: definitions[0].name,

    check: order => void definitionOf(order),

    async run(tx, orderId, order) {
      const { work, input: schema } = definitionOf(order);
      const input = schema.parse(order.input);
      const { storage } = participant;
      let own = (await storage.loadOwn(tx, [orderId])).get(orderId);
      const before = own;
      const records = new Map<string, Shared>();
      const asked = new Set<string>();
      const changed = new Map<string, Shared>();
      const appended: Entry[] = [];
      const done: Record<string, unknown> = {};
      for (const { do: command, with: dataOf } of work[name]!) {
        const data = command.data.parse(dataOf(input as never, done as never));
        const keys = participant.keys({ type: command.type, data }, own);
        const missing = keys.filter(key => !asked.has(key));
        if (missing.length > 0) {
          const { found, locked } = await storage.loadShared(
            tx,
            new Map(missing.map(key => [key, 1])),
            'wait',
          );
          if (locked.size > 0) return { kind: 'locked', keys: [...locked] };
          for (const key of missing) asked.add(key);
          for (const [key, record] of found) records.set(key, record);
        }
        const { operation } = routes.byType.get(command.type)!;
        const shared = new Map(keys.flatMap(key => (records.has(key) ? [[key, records.get(key)!]] : [])));
        const decision = operation.decide({ own, shared, appended: [] }, data, { orderId });
        if (decision.kind === 'rejected' || decision.kind === 'refused') return no(decision, command.rejects);
        if (decision.kind !== 'done')
          throw new TypeError(
            `${command.type} of order ${orderId} can't be prepared: it asks an outside party`,
          );
        const next = decision.state as { own: Own; shared: Map<string, Shared>; appended: readonly Entry[] };
        own = next.own;
        for (const [key, record] of next.shared) {
          if (records.get(key) === record) continue;
          records.set(key, record);
          changed.set(key, record);
        }
        appended.push(...next.appended);
        done[command.type] = decision.reply;
      }
      const changes =
        own === undefined || own === before ? new Map<string, Own>() : new Map([[orderId, own]]);
      if (changes.size + changed.size + appended.length > 0)
        await storage.save(tx, { own: changes, shared: changed, appended });
      return { kind: 'done', keys: [...asked] };
    },
  };
}

const keyOf = (definition: string, version: number): string => `${definition} ${version}`;

/** At start-up, not at the first order. */
function assertPreparable({ name: definition, work }: Preparable, name: string, { byType }: Routes): void {
  const items: readonly WorkItem[] | undefined = work[name];
  if (items === undefined) throw new TypeError(`${definition} has no branch for ${name}`);
  for (const { do: command } of items) {
    if (!byType.has(command.type))
      throw new TypeError(`${definition}: ${name} does not handle ${command.type}`);
  }
}

/** What the definition does not know as a reason is told as "not in time", with the reason in the text. */
function no(
  { code, detail }: { readonly code: string; readonly detail?: string | undefined },
  rejects: readonly string[],
): Worked {
  if (rejects.includes(code)) return { kind: 'refused', code, detail };
  return { kind: 'refused', code: 'TIMEOUT', detail: detail === undefined ? code : `${code}: ${detail}` };
}
