import { describe, expect, test } from 'vitest';
import { anOrder, byCard, type Shop } from '../shop.js';
import { sagaWhen, stateOf } from './sagas.js';

const tried = (changes = {}) => anOrder({ protocol: 'tcc', ...changes });

export function tryConfirmCancel(shop: Shop): void {
  describe('an order under try-confirm-cancel', () => {
    test('that pays by wallet is completed: every branch has committed', async () => {
      const { id, ...order } = await shop.ended(await shop.place(tried()));
      expect(order).toMatchObject({ status: 'COMPLETED', reason: null, protocol: 'tcc' });
      const saga = await sagaWhen(shop, id, ({ endedAt }) => endedAt !== null);
      expect(saga).toMatchObject({
        protocol: 'tcc',
        definition: 'place-order-tcc',
        state: 'completed',
        steps: [
          { name: 'inventory', state: 'committed' },
          { name: 'payment', state: 'committed' },
          { name: 'shipping', state: 'committed' },
          { name: 'complete order', state: 'done' },
        ],
      });
    });

    test('is cancelled by its customer before the decision', async () => {
      await shop.programme('card-gateway', { match: { token: 'tok_slow' }, delayMs: 1_500 });
      const id = await shop.place(tried(byCard('tok_slow')));
      await sagaWhen(shop, id, saga => stateOf(saga, 'inventory') === 'prepared');
      expect((await shop.cancel(id)).status).toBe(202);
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
      await shop.programme('card-gateway');
    });

    test('is not cancelled after the decision: it is confirmed', async () => {
      await shop.programme('carrier', { delayMs: 1_500 });
      const id = await shop.place(tried());
      await sagaWhen(shop, id, saga => stateOf(saga, 'inventory') === 'committed');
      expect((await shop.cancel(id)).status).toBe(202);
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      await shop.programme('carrier');
    });

    test('whose capture is declined is confirmed at a later attempt: a confirm never fails', async () => {
      await shop.programme('card-gateway', { match: { operation: 'capture' }, answer: 'decline', times: 1 });
      const id = await shop.place(tried(byCard('tok_hesitant')));
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      const { steps } = await shop.saga(id);
      expect(steps[1]).toMatchObject({ name: 'payment', state: 'committed', attempts: 2 });
      await shop.programme('card-gateway');
    });
  });
}
