import type { Queries } from '@ballast/platform';
import { type Capacity, zoneAndDayOf } from '../domain/capacity.js';
import { statements } from './statements.js';

interface Wanted {
  readonly key: string;
  readonly zone: string;
  readonly day: string;
  readonly demand: number;
  /** In ascending order, as they were locked. */
  free: number[];
}

/**
 * Locks free slots. It remembers for each zone's day where it found the last ones and goes on from there: slots are
 * taken in order, and a search from the beginning would pass by all that were taken and not cleared away yet. What lies
 * before, because it was freed or its pass failed, is searched when nothing else is left.
 */
export class FreeSlots {
  readonly #next = new Map<string, number>();

  /** In all zones and days at once. One that is short is looked into: it may be locked, exhausted, or not served. */
  async lock(
    tx: Queries,
    demand: ReadonlyMap<string, number>,
  ): Promise<{ found: Map<string, Capacity>; locked: ReadonlySet<string> }> {
    if (this.#next.size > rememberedMax) this.#next.clear();
    const wanted = [...demand].map(([key, count]): Wanted => ({
      key,
      ...zoneAndDayOf(key),
      demand: count,
      free: [],
    }));
    await this.#lockFrom(tx, wanted, ({ key }) => this.#next.get(key) ?? 0);
    const passedBy = wanted.filter(({ key, demand, free }) => free.length < demand && this.#next.has(key));
    if (passedBy.length > 0) await this.#lockAgain(tx, passedBy);
    const short = wanted.filter(({ demand, free }) => free.length < demand);
    const { locked, unserved } = short.length > 0 ? await explain(tx, short) : nothing;
    const found = new Map<string, Capacity>();
    for (const { key, free } of wanted) {
      const last = free.at(-1);
      if (last === undefined) this.#next.delete(key);
      else this.#next.set(key, last + 1);
      if (!locked.has(key) && !unserved.has(key)) found.set(key, { key, free });
    }
    return { found, locked };
  }

  /** From the beginning: what we have locked ourselves is found once more. */
  async #lockAgain(tx: Queries, wanted: readonly Wanted[]): Promise<void> {
    for (const each of wanted) each.free = [];
    await this.#lockFrom(tx, wanted, () => 0);
  }

  async #lockFrom(tx: Queries, wanted: readonly Wanted[], from: (wanted: Wanted) => number): Promise<void> {
    const { rows } = await tx.query<{ place: number; id: number }>(
      statements.statement('lock-free-slots', [
        wanted.map(({ zone }) => zone),
        wanted.map(({ day }) => day),
        wanted.map(from),
        wanted.map(({ demand }) => demand),
      ]),
    );
    for (const { place, id } of rows) wanted[place - 1]!.free.push(id);
  }
}

/** In zones' days: some hundred kilobytes of memory. */
const rememberedMax = 10_000;

interface Shortage {
  readonly locked: ReadonlySet<string>;
  readonly unserved: ReadonlySet<string>;
}
const nothing: Shortage = { locked: new Set(), unserved: new Set() };

/** A later statement sees what was committed since the locks were taken. */
async function explain(tx: Queries, short: readonly Wanted[]): Promise<Shortage> {
  const { rows } = await tx.query<{ contended: boolean; served: boolean }>(
    statements.statement('explain-shortage', [
      short.map(({ zone }) => zone),
      short.map(({ day }) => day),
      short.map(({ free }) => free.length),
    ]),
  );
  const those = (which: (row: { contended: boolean; served: boolean }) => boolean) =>
    new Set(short.filter((_, i) => which(rows[i]!)).map(({ key }) => key));
  return {
    locked: those(({ contended }) => contended),
    unserved: those(({ contended, served }) => !contended && !served),
  };
}
