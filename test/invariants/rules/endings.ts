import { stepsOf } from '@ballast/saga';
import type { Dossier } from '../reading/dossier.js';
import type { Rule } from '../rule.js';

/** Reads orders and sagas: what the API has acknowledged exists, and has come to its end. */
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

function standOf({ order, saga, barriers }: Dossier): string {
  const open =
    saga === null ? [] : stepsOf(saga.state).filter(({ do: doing, undo }) => !settled(doing.is, undo?.is));
  const steps = open.map(
    ({ name, do: doing, undo }) => `${name} ${undo === undefined ? doing.is : `undo ${undo.is}`}`,
  );
  const waiting = barriers.filter(({ state }) => state === 'waiting' || state === 'undoing');
  return [
    `order ${order?.status}`,
    `saga ${saga?.state.kind ?? 'absent'}${saga?.state.kind === 'parked' ? ` (${saga.state.reason})` : ''}`,
    ...steps,
    ...waiting.map(({ operation, state }) => `${operation} ${state}`),
  ].join(', ');
}

const settled = (doing: string, undo: string | undefined): boolean =>
  undo === undefined ? doing !== 'sent' && doing !== 'waiting' && doing !== 'stuck' : undo === 'done';
