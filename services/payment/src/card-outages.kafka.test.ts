import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { authorize, byCard, byWallet, done, giveBack, paymentForTest } from './running-payment.fixture.js';

const payment = await paymentForTest();
const {
  send,
  repliesTo,
  firstRepliesTo,
  deposit,
  paymentOf,
  misbehave,
  doneAtGateway,
  callsAtGateway,
  http,
} = payment;
const by = { operator: 'kim', reason: 'a test' };
const gateway = '/operations/dependencies/card-gateway';
const breaker = async (): Promise<string> => (await http('GET', gateway)).body.state.breaker.state;
const openCalls = async (): Promise<number> => (await http('GET', gateway)).body.open;

beforeEach(async () => {
  misbehave();
  await http('POST', `${gateway}/close`, by);
});

const ids = (count: number) => Array.from({ length: count }, () => randomUUID());
const byCards = (orderIds: readonly string[]) =>
  orderIds.map(orderId => command(orderId, authorize('alice', 400, byCard())));

/** It gets its traffic back within ten seconds, and calls are asked again ever more seldom. */
const patience = { timeout: 90_000 };

describe('a gateway that is out of order', () => {
  test(
    'is left in peace; card orders wait, wallet orders do not notice; when it is back each is held once',
    patience,
    async () => {
      await deposit('alice', 10_000);
      misbehave({ answer: 'error' });
      const [orders, before] = [ids(60), callsAtGateway()];
      await send(...byCards(orders));
      await until(async () => (await openCalls()) === 60 && (await breaker()) === 'open');
      expect((callsAtGateway() - before) / orders.length).toBeLessThan(1.2);

      const { status, body } = await http('GET', '/health/ready');
      expect(status).toBe(200);
      expect(body.details['card-gateway']).toMatchObject({ status: 'up', open: 60 });
      for (const orderId of ids(5)) {
        const asked = command(orderId, authorize('alice', 100, byWallet));
        await send(asked);
        const [answer] = await repliesTo(orderId, 1);
        expect(answer!.data).toMatchObject({ outcome: 'done' });
        // What waited for the gateway would still wait.
        expect(Date.parse(answer!.time) - Date.parse(asked.time)).toBeLessThan(10_000);
      }

      misbehave();
      await until(async () => (await openCalls()) === 0, { timeout: 60_000 });
      for (const { data } of await firstRepliesTo(orders)) expect(data.outcome).toBe('done');
      for (const orderId of orders) expect(doneAtGateway(orderId)).toEqual(['hold']);
    },
  );
});

describe('a breaker that was opened by hand', () => {
  test('sends nothing until it is closed by hand; nothing is lost', async () => {
    expect((await http('POST', `${gateway}/open`, by)).body.state.breaker.state).toBe('isolated');
    const [[orderId], before] = [ids(1), callsAtGateway()];
    await send(...byCards([orderId!]));
    await until(async () => (await openCalls()) === 1);
    await until(async () => (await http('GET', gateway)).body.counts.refused > 1);
    expect(callsAtGateway()).toBe(before);
    expect((await paymentOf(orderId!)).status).toBe('AUTHORIZING');
    expect((await http('POST', `${gateway}/close`, by)).body.state.breaker.state).toBe('closed');
    expect((await repliesTo(orderId!, 1))[0]!.data).toEqual(done({ authorizationId: orderId }));
  });

  test('lets no order be held after its deadline', patience, async () => {
    await http('POST', `${gateway}/open`, by);
    const [[declined, voided], before] = [ids(2), callsAtGateway()];
    // All of them have to be taken by then.
    const deadline = new Date(Date.now() + 8_000).toISOString();
    const holds = byCards([declined!, voided!]).map(message => ({ ...message, deadline }));
    await send(...holds, command(voided!, giveBack));
    expect((await repliesTo(declined!, 1))[0]!.data).toMatchObject({
      outcome: 'rejected',
      code: 'CARD_DECLINED',
      detail: expect.stringContaining('deadline'),
    });
    expect((await repliesTo(voided!, 2)).map(({ data }) => data)).toEqual([{ outcome: 'aborted' }, done({})]);
    await http('POST', `${gateway}/close`, by);
    expect(callsAtGateway()).toBe(before);
  });
});

describe('the numbers of a dependency', () => {
  test('are shown, and changed while it works', async () => {
    const { body } = await http('PATCH', gateway, { ...by, policies: { bulkhead: { concurrent: 7 } } });
    expect(body.policies.find(({ policy }: { policy: string }) => policy === 'bulkhead').concurrent).toBe(7);
    expect((await http('GET', gateway)).body.state.bulkhead.concurrent).toBe(7);
    expect((await http('GET', '/operations/dependencies')).body.dependencies).toHaveLength(1);
  });

  test.each([
    ['PATCH', gateway, { ...by, policies: { bulkhead: { concurrent: 0 } } }, 422, 'DEPENDENCY_NOT_TUNABLE'],
    ['PATCH', gateway, { ...by, policies: { bulkhead: { wish: 1 } } }, 422, 'DEPENDENCY_NOT_TUNABLE'],
    ['PATCH', gateway, { ...by, policies: { hedge: { delayMs: 1 } } }, 422, 'DEPENDENCY_NOT_TUNABLE'],
    ['PATCH', gateway, { policies: {} }, 400, 'VALIDATION_FAILED'],
    ['POST', '/operations/dependencies/nobody/open', by, 404, 'DEPENDENCY_NOT_FOUND'],
  ] as const)('%s %s with %j is refused with %i', async (method, url, body, status, code) => {
    expect(await http(method, url, body)).toMatchObject({ status, body: { code } });
  });
});
