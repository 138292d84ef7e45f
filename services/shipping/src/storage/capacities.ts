import type { CapacityView } from '@ballast/contracts';
import { transaction, type Pool, type Queries } from '@ballast/platform';
import { statements } from './statements.js';

export type SlotsAdded =
  | { readonly kind: 'added'; readonly capacity: CapacityView; readonly replayed: boolean }
  /** The idempotency key belongs to other slots. Nothing was stored. */
  | { readonly kind: 'key-reused' };

/** What the API reads of zones' days; and new slots, which are its own. */
export class Capacities {
  constructor(private readonly database: Pool) {}

  /**
   * Adds free slots to a zone's day; the first make the zone served.
   * With a key it does so once: later calls with the same arguments get the first one's answer.
   */
  async addSlots(zone: string, day: string, slots: number, key: string | null): Promise<SlotsAdded> {
    return transaction(this.database, async tx => {
      if (key !== null) {
        // Whoever has used the key has committed by now, or never will.
        const { rowCount } = await tx.query(statements.statement('take-slots-key', [key, zone, day, slots]));
        if (rowCount === 0) return addedBefore(tx, zone, day, slots, key);
      }
      await tx.query(statements.statement('add-slots', [zone, day, slots]));
      const capacity = await load(tx, zone, day);
      if (capacity === undefined) throw new Error(`${zone} has no capacity on ${day} after slots were added`);
      if (key !== null) {
        await tx.query(statements.statement('answer-slots-key', [key, capacity.free, capacity.taken]));
      }
      return { kind: 'added', capacity, replayed: false };
    });
  }

  /** Undefined for a zone's day that never had a slot. */
  capacity(zone: string, day: string): Promise<CapacityView | undefined> {
    return load(this.database, zone, day);
  }
}

async function addedBefore(
  tx: Queries,
  zone: string,
  day: string,
  slots: number,
  key: string,
): Promise<SlotsAdded> {
  type Stored = CapacityView & { slots: number };
  const { rows } = await tx.query<Stored>(statements.statement('find-slots-key', [key]));
  const [stored] = rows;
  // The key was forgotten between two statements: rarer than once in a week per key.
  if (stored === undefined) throw new Error(`the idempotency key ${key} is used and not stored`);
  const { free, taken } = stored;
  if (stored.zone !== zone || stored.day !== day || stored.slots !== slots) return { kind: 'key-reused' };
  return { kind: 'added', capacity: { zone, day, free, taken }, replayed: true };
}

async function load(database: Queries, zone: string, day: string): Promise<CapacityView | undefined> {
  const { rows } = await database.query<{ free: number; taken: number }>(
    statements.statement('load-capacity', [zone, day]),
  );
  const [row] = rows;
  return row && { zone, day, ...row };
}
