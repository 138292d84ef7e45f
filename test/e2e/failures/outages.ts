import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { anOrder as mixedOrder, type Customer } from '../../chaos/mixed-orders.js';
import { becomes } from '../becomes.js';
import type { Answer, Shop } from '../shop.js';
import { expectCompleted } from './expect-completed.js';

/** How many orders may wait for a Kafka that is away: more than others have under way at a time. */
export const unsentMax = 250;

/** Kafka or PostgreSQL is killed, or hangs. The customer's orders are under way meanwhile. */
export function outages(shop: Shop, customer: Customer): void {
  const { stack } = shop;
  const placeOne = () => shop.request('POST', shop.orders, mixedOrder('wallet'));

  /** Places one after the other; gives up when far more are accepted than there is room for. */
  async function placeUntilRefused(): Promise<{ accepted: string[]; refused: Answer }> {
    const accepted: string[] = [];
    for (;;) {
      const answer = await placeOne();
      if (answer.status !== 202) return { accepted, refused: answer };
      accepted.push(answer.body.id);
      shop.acknowledged.push(answer.body.id);
      if (accepted.length > 4 * unsentMax) throw new Error(`${accepted.length} orders, and none was refused`);
    }
  }

  const isReady = (service: 'order' | 'inventory', status: number, withinMs: number) =>
    becomes(
      `${service} is ${status === 200 ? 'ready' : 'not ready'}`,
      async () => (await shop.request('GET', `${stack.urls[service]}/health/ready`)).status === status,
      withinMs,
    );

  describe('while a server is away', () => {
    test('Kafka is killed: orders are accepted up to the bound, then 503; when it is back all go through, a service that was restarted meanwhile too', async () => {
      const inFlight = await customer.place(30, ['wallet']);
      await stack.unit('kafka').kill('SIGKILL');
      const { accepted, refused } = await placeUntilRefused();
      expect(accepted.length).toBeGreaterThanOrEqual(unsentMax);
      expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await isReady('order', 503, 10_000);
      await isReady('inventory', 503, 10_000);
      const shipping = stack.unit('shipping');
      await shipping.stop();
      expect(await shipping.program?.exited).toMatchObject({ code: 0 });
      const restarted = shipping.start();
      await sleep(3_000);
      await stack.unit('kafka').start();
      await restarted;
      await expectCompleted(shop, customer, [...inFlight, ...accepted]);
      await isReady('order', 200, 20_000);
      expect((await placeOne()).status).toBe(202);
    });

    test('PostgreSQL is killed: nothing is accepted, and what was goes on when it is back, a service that started before it too', async () => {
      const inFlight = await customer.place(30, ['wallet']);
      await stack.unit('postgres').kill('SIGKILL');
      // The processes of its connections outlive it by a moment, and what they store stays.
      const { accepted, refused } = await placeUntilRefused();
      expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await isReady('inventory', 503, 10_000);
      await stack.unit('payment').kill('SIGKILL');
      const payment = stack.unit('payment').start();
      await sleep(3_000);
      await stack.unit('postgres').start();
      await payment;
      await expectCompleted(shop, customer, [...inFlight, ...accepted]);
      await isReady('inventory', 200, 20_000);
    });

    test.each([
      { server: 'PostgreSQL', unit: 'postgres', time: 'a transaction may take' },
      { server: 'Kafka', unit: 'kafka', time: 'a session' },
    ])(
      '$server hangs for longer than $time, and goes on; so does a service that starts meanwhile',
      async ({ unit }) => {
        const inFlight = await customer.place(30, ['wallet']);
        await stack.unit(unit).kill('SIGSTOP');
        await stack.unit('inventory').kill('SIGKILL');
        const started = stack.unit('inventory').start();
        await sleep(7_000);
        await stack.unit(unit).kill('SIGCONT');
        await started;
        await expectCompleted(shop, customer, inFlight);
      },
    );
  });
}
