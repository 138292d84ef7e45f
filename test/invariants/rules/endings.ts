import type { Dossier } from '../reading/dossier.js';
import { protocolOf, recordOf } from '../reading/flow-record.js';
import type { Rule } from '../rule.js';

/** Reads orders and what coordinates them: what the API has acknowledged exists, and has come to its end. */
export const acceptedOrdersEnd: Rule = {
  name: 'every accepted order ends',
  needs: ['completed'],
  seesUnended: true,
  order(dossier, notes) {
    const { id, order, progress } = dossier;
    if (order === null) return;
    notes.count('accepted');
    if (order.status === 'COMPLETED') notes.count('completed');
    if (order.status === 'CANCELLED') notes.count('cancelled');
    if (order.endedAt !== null) notes.most('longestMs', order.endedAt.getTime() - order.placedAt.getTime());
    if (progress === 'under way') notes.count('underWay');
    if (progress === 'overdue') notes.violate(id, `it has not ended: ${standOf(dossier)}`);
  },
  async whole({ databases: { order }, expected: { acknowledged } }, notes) {
    notes.count('acknowledged', acknowledged.length);
    for (let from = 0; from < acknowledged.length; from += 5_000) {
      const missing = await order.rows<{ id: string }>(
        'SELECT id FROM unnest($1::uuid[]) AS told (id) WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = told.id)',
        [acknowledged.slice(from, from + 5_000)],
      );
      for (const { id } of missing) notes.violate(id, 'the API acknowledged it, and it does not exist');
    }
  },
};

function standOf(dossier: Dossier): string {
  const { order, saga, barriers } = dossier;
  const record = recordOf(protocolOf(dossier), dossier);
  const waiting = barriers.filter(({ state }) => state === 'waiting' || state === 'undoing');
  const why = saga?.state.kind === 'parked' ? ` (${saga.state.reason})` : '';
  return [
    `order ${order?.status}`,
    `flow ${record?.is ?? 'absent'}${why}`,
    ...(record?.open ?? []),
    ...waiting.map(({ operation, state }) => `${operation} ${state}`),
  ].join(', ');
}
