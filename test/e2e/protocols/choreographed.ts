import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { anOrder, byCard, type Shop } from '../shop.js';

const danced = (changes = {}) => anOrder({ protocol: 'choreographed', ...changes });

export function choreographed(shop: Shop): void {
  const { urls } = shop.stack;
  const paymentOf = async (id: string) =>
    (await shop.request('GET', `${urls.payment}/authorizations/${id}`)).body?.status;

  describe('a choreographed order', () => {
    test('has no saga; the order service knows what everybody has announced', async () => {
      const id = await shop.place(danced());
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED', protocol: 'choreographed' });
      expect((await shop.request('GET', `${urls.orchestrator}/sagas/${id}`)).status).toBe(404);
      const { body } = await shop.request('GET', `${urls['order-operations']}/operations/orders/${id}`);
      const heard = (body.timeline as { what: string; type: string | null }[])
        .filter(({ what }) => what === 'heard')
        .map(({ type }) => type);
      expect(heard.toSorted()).toEqual([
        'inventory.committed',
        'inventory.reserved',
        'order.placed',
        'payment.authorized',
        'payment.captured',
        'shipping.booked',
        'shipping.dispatched',
      ]);
    });

    test('is placed once, however often it is sent under its key', async () => {
      const key = { 'idempotency-key': 'choreographed-1' };
      const id = await shop.place(danced(), key);
      expect(await shop.place(danced(), key)).toBe(id);
      expect(await shop.request('POST', shop.orders, anOrder(), key)).toMatchObject({
        status: 422,
        body: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
      await shop.ended(id);
    });

    test('is cancelled while the bank still thinks: the hold is given back', async () => {
      await shop.programme('card-gateway', { match: { token: 'tok_cancelled' }, delayMs: 1_500, times: 1 });
      const id = await shop.place(danced(byCard('tok_cancelled')));
      await sleep(500);
      expect((await shop.cancel(id)).status).toBe(202);
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
      expect((await shop.cancel(id)).body).toMatchObject({ code: 'ORDER_ALREADY_ENDED' });
    });

    test('is completed when the cancel comes after its money was taken', async () => {
      await shop.programme('carrier', { match: { operation: 'label' }, delayMs: 1_500, times: 1 });
      const id = await shop.place(danced());
      await expect.poll(() => paymentOf(id), { timeout: 20_000 }).toBe('CAPTURED');
      expect((await shop.cancel(id)).status).toBe(202);
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      await shop.programme('carrier');
    });

    test('that is cancelled right behind its placing ends one way or the other', async () => {
      const ids = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const id = await shop.place(danced());
          await shop.cancel(id);
          return id;
        }),
      );
      const ended = await Promise.all(ids.map(id => shop.ended(id)));
      expect(ended.filter(({ reason }) => reason !== null && reason !== 'CANCELLED')).toEqual([]);
    });
  });
}
