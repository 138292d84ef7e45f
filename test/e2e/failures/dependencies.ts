import type { PartyCalls } from '@ballast/contracts';
import { openPool } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anOrder as mixedOrder, type Customer, send } from '../../chaos/mixed-orders.js';
import type { Shop } from '../shop.js';
import { expectCompleted } from './expect-completed.js';

/** The bank is slow or fails, or too many orders come at a time. */
export function dependencies(shop: Shop, customer: Customer): void {
  const { stack } = shop;

  describe('what others depend on', () => {
    const payment = openPool({ url: stack.databaseUrls.payment, applicationName: 'test', max: 1 });
    afterAll(() => payment.end());

    const by = { operator: 'kim', reason: 'a test' };
    const gateway = `${stack.urls.payment}/operations/dependencies/card-gateway`;
    const admission = `${stack.urls.order}/operations/dependencies/admission`;

    beforeAll(async () => {
      await customer.awaitEnds(await customer.place(40, ['wallet', 'card']));
    });
    beforeEach(async () => {
      await shop.programme('card-gateway');
      await send('POST', `${gateway}/close`, by);
    });

    /** How many calls came to the gateway, and how many different ones the orders had to make. */
    async function calls(): Promise<{ made: number; wanted: number }> {
      const { body } = await shop.request('GET', `${stack.urls['card-gateway']}/calls`);
      const { rows } = await payment.query<{ wanted: number }>({
        text: 'SELECT count(*)::int AS wanted FROM outbound_call',
      });
      const made = Object.values((body as PartyCalls).calls).reduce((sum, count) => sum + count, 0);
      return { made, wanted: rows[0]!.wanted };
    }

    /** Places card orders at a steady pace, and waits a while for what becomes of them. */
    async function cardOrders(count: number, thenMs: number): Promise<string[]> {
      const ids: string[] = [];
      for (let placed = 0; placed < count; placed += 20) {
        ids.push(...(await customer.place(20, ['card'])));
        await sleep(250);
      }
      await sleep(thenMs);
      return ids;
    }

    test.each([
      ['half of the calls', 0.5, {}],
      ['all calls, and its breaker never opens: the budget is alone', 1, { callsMin: 1_000_000 }],
    ])(
      'a gateway that fails %s is called less than 1.2 times for each call',
      async (_, probability, numbers) => {
        const { body } = await shop.request('GET', gateway);
        const usual = body.policies.find(({ policy }: { policy: string }) => policy === 'breaker').callsMin;
        await send('PATCH', gateway, { ...by, policies: { breaker: numbers } });
        const before = await calls();
        await shop.programme('card-gateway', { answer: 'error', probability });
        const ids = await cardOrders(400, 3_000);
        const after = await calls();
        const [made, wanted] = [after.made - before.made, after.wanted - before.wanted];
        expect(wanted).toBeGreaterThanOrEqual(400);
        expect(made / wanted).toBeLessThan(1.2);
        if (probability === 1) expect(made / ids.length).toBeLessThan(1.2);

        await shop.programme('card-gateway');
        await send('PATCH', gateway, { ...by, policies: { breaker: { callsMin: usual } } });
        await expectCompleted(shop, customer, ids);
      },
    );

    test('a gateway that is away does not slow wallet orders down', async () => {
      const median = async () => {
        const tookMs: number[] = [];
        for (let placed = 0; placed < 25; placed++) {
          const begun = performance.now();
          expect((await shop.ended(await shop.place(mixedOrder('wallet')))).status).toBe('COMPLETED');
          tookMs.push(performance.now() - begun);
        }
        return tookMs.sort((a, b) => a - b)[12]!;
      };
      const before = await median();
      await shop.programme('card-gateway', { answer: 'error', delayMs: 2_000 });
      const waiting = await cardOrders(200, 3_000);
      // A machine that others use too: what is held here is that nobody waits for the gateway.
      expect(await median()).toBeLessThan(2 * before + 200);
      await shop.programme('card-gateway');
      await customer.awaitEnds(waiting, 60_000);
    });

    test('a flood of orders is answered 503 with a time to come again, and never on /health', async () => {
      const { body } = await shop.request('GET', admission);
      const numbers = Object.fromEntries(
        body.policies.map((policy: { policy: string }) => [policy.policy, policy]),
      );
      await send('PATCH', admission, {
        ...by,
        policies: { shed: { inFlightMax: 4 }, bulkhead: { concurrent: 2, queued: 2 } },
      });
      const flood = Promise.all(
        Array.from({ length: 300 }, () => shop.request('POST', shop.orders, mixedOrder('wallet'))),
      );
      for (let asked = 0; asked < 10; asked++) {
        const url = `${stack.urls.order}/health`;
        expect((await shop.request('GET', `${url}/live`)).status).toBe(200);
        // On a busy machine something else may be unwell; that much is to do is no reason.
        const { body: ready } = await shop.request('GET', `${url}/ready`);
        expect(ready.details ?? ready.checks).toMatchObject({ admission: { status: 'up' } });
      }
      const answers = await flood;
      const refused = answers.filter(({ status }) => status === 503);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 503]));
      for (const { headers, body: problem } of refused) {
        expect(problem).toMatchObject({ code: 'UNAVAILABLE' });
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      await send('PATCH', admission, {
        ...by,
        policies: {
          shed: { inFlightMax: numbers['shed'].inFlightMax },
          bulkhead: { concurrent: numbers['bulkhead'].concurrent, queued: numbers['bulkhead'].queued },
        },
      });
      const accepted = answers.filter(({ status }) => status === 202).map(answer => answer.body.id);
      customer.acknowledged.push(...accepted);
      await customer.awaitEnds(accepted);
    });
  });
}
