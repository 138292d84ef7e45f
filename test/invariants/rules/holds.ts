import { participantNames, type SagaRow } from '../reading/dossier.js';
import { recordOf } from '../reading/flow-record.js';
import type { Rule } from '../rule.js';

/**
 * Reads what the participants hold for TCC, and the orders. Of an order that has ended, nothing is held; unless an operator
 * has declared done what its participant has not: that goes on asking, and does it yet.
 */
export const nothingStaysHeld: Rule = {
  name: 'no try is held for an order that has ended',
  of: ['tcc'],
  needs: ['completed', 'cancelled'],
  async whole({ databases, limits: { restMs } }, notes) {
    for (const service of participantNames) {
      const held = await databases[service].rows<{ id: string; seconds: number }>(
        `SELECT order_id AS id, extract(epoch FROM clock_timestamp() - held_since)::int AS seconds
         FROM hold WHERE held_since < clock_timestamp() - make_interval(secs => $1)`,
        [restMs / 1_000],
      );
      notes.count('held', held.length);
      if (held.length === 0) continue;
      const open = await databases.order.rows<{ id: string }>(
        "SELECT id FROM orders WHERE id = ANY($1::uuid[]) AND status = 'PENDING'",
        [held.map(({ id }) => id)],
      );
      const coordinated = await databases.orchestrator.rows<SagaRow>(
        `SELECT order_id AS "orderId", definition, version, running, ended_at AS "endedAt", state
         FROM saga JOIN saga_progress USING (order_id) WHERE order_id = ANY($1::uuid[])`,
        [held.map(({ id }) => id)],
      );
      const byHand = coordinated.filter(
        saga => recordOf('tcc', { order: null, saga, reactions: [] })!.byHand.size > 0,
      );
      const explained = new Set([...open.map(({ id }) => id), ...byHand.map(({ orderId }) => orderId)]);
      for (const { id, seconds } of held) {
        if (!explained.has(id)) notes.violate(id, `${service} has been holding a try of it for ${seconds} s`);
      }
    }
  },
};
