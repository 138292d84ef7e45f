import type { Queries } from '../queries.js';
import type { Chore } from './housekeeping.js';

/** A part of a table whose key begins with an id (UUIDv7): the ids between these two, the first `idsMax` of them. */
export interface Stretch {
  readonly after: string;
  readonly before: string;
  readonly idsMax: number;
}

export interface Walk {
  readonly everyMs: number;
  /** Younger ids are not looked at. */
  readonly retentionMs: number;
  readonly idsMax: number;
  /**
   * Where the next round begins: `from the beginning` where nearly all that was looked at is deleted, `from there` where it
   * stays. What had to be passed over is then looked at again when the process starts anew.
   */
  readonly then: 'from the beginning' | 'from there';
  /** Does what there is to do in a stretch. Says how much it has looked at, and which id was the last. */
  piece(database: Queries, stretch: Stretch): Promise<{ last: string | null; looked: number }>;
}

/** A chore that goes through what is old by its id alone: an id tells its age, so that no index on a time is needed. */
export function alongIds(name: string, { everyMs, retentionMs, idsMax, then, piece }: Walk): Chore {
  let after = lowest;
  return {
    name,
    everyMs,
    async run(database) {
      const before = firstIdAt(Date.now() - retentionMs);
      const { last, looked } = await piece(database, { after, before, idsMax });
      const more = looked >= idsMax;
      if (last !== null) after = last;
      if (!more && then === 'from the beginning') after = lowest;
      return more;
    },
  };
}

const lowest = '00000000-0000-0000-0000-000000000000';

/** No id (UUIDv7, RFC 9562) that was made at or after this time is below it. */
export function firstIdAt(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
