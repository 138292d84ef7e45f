import { serviceNames } from '@ballast/contracts';
import type { Rule } from '../rule.js';

/** Reads every database's prepared transactions, and the orders. Of an order that has ended, none is left. */
export const nothingStaysPrepared: Rule = {
  name: 'no prepared transaction is left for an order that has ended',
  of: ['two-phase'],
  needs: ['completed', 'cancelled'],
  async whole({ databases, limits: { restMs } }, notes) {
    for (const service of serviceNames) {
      const prepared = await databases[service].rows<{ gid: string; id: string; seconds: number }>(
        `SELECT gid, right(gid, 36) AS id, extract(epoch FROM clock_timestamp() - prepared)::int AS seconds
         FROM pg_prepared_xacts
         WHERE database = current_database() AND prepared < clock_timestamp() - make_interval(secs => $1)`,
        [restMs / 1_000],
      );
      notes.count('prepared', prepared.length);
      if (prepared.length === 0) continue;
      const open = await databases.order.rows<{ id: string }>(
        "SELECT id::text FROM orders WHERE id::text = ANY($1) AND status = 'PENDING'",
        [prepared.map(({ id }) => id)],
      );
      const pending = new Set(open.map(({ id }) => id));
      for (const { gid, id, seconds } of prepared) {
        if (!pending.has(id)) notes.violate(id, `${gid} has been prepared for ${seconds} s at ${service}`);
      }
    }
  },
};
