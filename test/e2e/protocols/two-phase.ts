import { describe, expect, test } from 'vitest';
import { anOrder, type Shop } from '../shop.js';
import { sagaWhen, stateOf } from './sagas.js';

const prepared = (changes = {}) => anOrder({ protocol: 'two-phase', ...changes });

export function twoPhase(shop: Shop): void {
  const { stack } = shop;

  describe('an order under two-phase commit', () => {
    test('that pays by wallet is prepared everywhere, committed, and sent off', async () => {
      const { id, ...order } = await shop.ended(await shop.place(prepared()));
      expect(order).toMatchObject({ status: 'COMPLETED', reason: null, protocol: 'two-phase' });
      const saga = await sagaWhen(shop, id, ({ endedAt }) => endedAt !== null);
      expect(saga).toMatchObject({
        protocol: 'two-phase',
        state: 'completed',
        steps: [
          { name: 'order', state: 'committed' },
          { name: 'inventory', state: 'committed' },
          { name: 'payment', state: 'committed' },
          { name: 'shipping', state: 'committed' },
          { name: 'dispatch shipment', state: 'done' },
        ],
      });
      const { body } = await shop.request('GET', `${stack.urls.shipping}/shipments/${id}`);
      expect(body).toMatchObject({ status: 'DISPATCHED' });
      expect(await shop.cancel(id)).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_ENDED' } });
    });

    test('is cancelled by its customer before the decision, though some have prepared', async () => {
      await stack.unit('shipping').kill('SIGKILL');
      const id = await shop.place(prepared({ customerId: 'customer-3' }));
      await sagaWhen(shop, id, saga => stateOf(saga, 'payment') === 'prepared');
      expect((await shop.cancel(id)).status).toBe(202);
      await sagaWhen(shop, id, saga => stateOf(saga, 'payment') === 'aborted');
      await stack.unit('shipping').start();
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
    });

    test('is cancelled when its deadline passes before everybody has voted', async () => {
      await stack.unit('inventory').kill('SIGKILL');
      const id = await shop.place(prepared({ customerId: 'customer-4' }));
      await sagaWhen(shop, id, saga => stateOf(saga, 'payment') === 'aborted');
      await stack.unit('inventory').start();
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
    });

    test('that wants what others want, too, ends well or gives up, and sagas beside it end well', async () => {
      const protocols = ['two-phase', 'orchestrated'] as const;
      const ended = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const order = anOrder({
            protocol: protocols[index % 2]!,
            customerId: index % 5 === 0 ? 'bob' : `customer-${index}`,
            lines: [{ sku: `article-${index % 10}`, quantity: 1, unitPriceCents: 100 }],
          });
          return shop.ended(await shop.place(order));
        }),
      );
      const outcomes = ended.map(({ reason, status }) => reason ?? status);
      for (const [index, outcome] of outcomes.entries()) {
        // Who waits for too long for what others have prepared is given up: that is the price of locks.
        const may = index % 5 === 0 ? /INSUFFICIENT_FUNDS|TIMEOUT|DEADLINE/ : /COMPLETED|TIMEOUT|DEADLINE/;
        expect(outcome).toMatch(may);
      }
      expect(outcomes).toContain('COMPLETED');
      expect(outcomes).toContain('INSUFFICIENT_FUNDS');
    });
  });
}
