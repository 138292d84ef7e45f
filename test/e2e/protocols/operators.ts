import type { ChoreographedDetails, ChoreographedPage, OperationView } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { anOrder, byCard, type Shop } from '../shop.js';
import { rowsOf } from '../rows.js';
import { sagaWhen } from './sagas.js';

const who = { operator: 'dana', reason: 'the carrier is back' };

/** What an operator of the order service sees and does. To be the first with choreographed orders: it counts them. */
export function choreographyOperators(shop: Shop): void {
  const operations = `${shop.stack.urls['order-operations']}/operations`;
  const act = (id: string, action: string, headers = {}) =>
    shop.request('POST', `${operations}/orders/${id}/actions`, { action, ...who }, headers);
  const search = async (query: string) =>
    (await shop.request('GET', `${operations}/orders?${query}`)).body as ChoreographedPage;
  const details = async (id: string) =>
    (await shop.request('GET', `${operations}/orders/${id}`)).body as ChoreographedDetails;

  async function parked(): Promise<string> {
    await shop.programme('carrier', { match: { operation: 'label' }, answer: 'decline' });
    const id = await shop.place(anOrder({ protocol: 'choreographed' }));
    await expect.poll(async () => (await details(id)).state, { timeout: 20_000 }).toBe('parked');
    return id;
  }

  describe('an operator of choreographed orders', () => {
    test('an order that does not go on is found with what it waits for, and goes on once it is resumed', async () => {
      const id = await parked();
      expect(await search('status=parked')).toMatchObject({
        orders: [{ id, reason: 'waits for shipping.dispatched', waitingFor: ['shipping.dispatched'] }],
        parked: 1,
      });
      expect((await search('status=parked&reason=payment')).orders).toEqual([]);
      const ready = await shop.request('GET', `${shop.stack.urls.order}/health/ready`);
      expect(ready.body).toMatchObject({ details: { choreographed: { status: 'up', parked: 1 } } });
      // Where the operation was given up, it is known why.
      const [stuck] = await rowsOf<{ parked: string }>(
        shop,
        'shipping',
        `SELECT parked FROM choreographed_order WHERE order_id = '${id}'`,
      );
      expect(stuck?.parked).toMatch(/^shipping.dispatch: /);

      expect(await act(id, 'cancel')).toMatchObject({
        status: 409,
        body: { code: 'OPERATION_REFUSED', detail: 'it is too late: payment.captured' },
      });
      await shop.programme('carrier');
      const key = { 'idempotency-key': 'resume-1' };
      const resumed = await act(id, 'resume', key);
      expect(resumed).toMatchObject({
        status: 200,
        body: { actions: [{ outcome: 'applied', operator: 'dana' }] },
      });
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      expect((await act(id, 'resume', key)).body).toEqual(resumed.body);

      const { timeline, state } = await details(id);
      expect(state).toBe('completed');
      const told = timeline.map(({ what, type, action }) => action?.action ?? type ?? what);
      // Each service announces on a topic of its own, and they are read side by side: order is kept within a topic.
      const heard = told.slice(0, told.indexOf('parked'));
      expect(heard[0]).toBe('order.placed');
      expect(heard.filter(what => what.startsWith('payment.'))).toEqual([
        'payment.authorized',
        'payment.captured',
      ]);
      expect(heard).toEqual(expect.arrayContaining(['inventory.reserved', 'shipping.booked']));
      expect(told.slice(-5)).toEqual([
        'cancel',
        'resume',
        'order.resume-requested',
        'shipping.dispatched',
        'order.complete',
      ]);
      expect(timeline.find(({ what }) => what === 'parked')).toMatchObject({
        reason: 'waits for shipping.dispatched',
      });
    });

    test('all that are parked are retried at once, as after an outage', async () => {
      const ids = [await parked(), await parked()];
      await shop.programme('carrier');
      const body = { ...who, filter: { status: 'parked' } };
      const retried = await shop.request('POST', `${operations}/retry`, body);
      expect((retried.body as OperationView).actions.map(({ orderId }) => orderId).toSorted()).toEqual(
        ids.toSorted(),
      );
      for (const id of ids) expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      const { id } = retried.body as OperationView;
      expect((await shop.request('GET', `${operations}/${id}`)).body).toEqual(retried.body);
    });

    test('an operator cancels an order whose bank does not answer, and is refused what makes no sense', async () => {
      await shop.programme('card-gateway', { match: { operation: 'hold' }, delayMs: 2_000, times: 1 });
      const id = await shop.place(anOrder({ protocol: 'choreographed', ...byCard('tok_x') }));
      await sleep(500);
      expect((await act(id, 'resume')).body).toMatchObject({ detail: 'the order is not parked' });
      expect((await act(id, 'cancel')).status).toBe(200);
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
      expect((await act(id, 'retry')).body).toMatchObject({ detail: 'the order is cancelled' });
    });

    test('an order that another protocol carries out is not here, and neither is one that nobody has placed', async () => {
      const id = await shop.place(anOrder());
      await shop.ended(id);
      for (const unknown of [id, '019a0000-0000-7000-8000-000000000001', 'x']) {
        expect(await act(unknown, 'retry')).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      }
    });

    test('orders are listed newest first, page by page, and the operators have a port of their own', async () => {
      const first = await search('limit=2');
      expect(first.orders).toHaveLength(2);
      const rest = await search(`limit=50&cursor=${first.nextCursor}`);
      const ids = [...first.orders, ...rest.orders].map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted().toReversed());
      expect(ids).toHaveLength(4);
      expect((await search('status=cancelled')).orders).toHaveLength(1);
      expect((await search(`order=${ids[0]}`)).orders.map(({ id }) => id)).toEqual([ids[0]]);
      expect((await shop.request('GET', `${shop.stack.urls.order}/operations/orders`)).status).toBe(404);
    });
  });
}

/** What an operator of the orchestrator sees and does. */
export function sagaOperators(shop: Shop): void {
  const operations = `${shop.stack.urls.operations}/operations`;
  const find = async (query: string) => (await shop.request('GET', `${operations}/sagas?${query}`)).body;

  test('an operator finds a parked confirm, sees what happened to it, and resumes it', async () => {
    await shop.programme('carrier', { answer: 'decline' });
    const id = await shop.place(anOrder({ protocol: 'tcc' }));
    await sagaWhen(shop, id, ({ state }) => state === 'parked');
    expect((await find('status=parked&step=shipping')).sagas).toMatchObject([
      {
        id,
        protocol: 'tcc',
        state: 'parked',
        reason: 'commit of shipping: LABEL_REFUSED',
        waitingFor: ['commit of shipping'],
      },
    ]);
    const { body } = await shop.request('GET', `${operations}/sagas/${id}`);
    const timeline = (body.timeline as Record<string, unknown>[]).map(({ what, step, operation, reason }) =>
      [what, operation, step, reason].filter(word => word !== null).join(' '),
    );
    expect(timeline.slice(0, 3)).toEqual([
      'sent prepare inventory',
      'sent prepare payment',
      'sent prepare shipping',
    ]);
    expect(timeline).toContain('decided commit');
    expect(timeline).toContain('parked commit shipping LABEL_REFUSED');
    const act = (action: string) =>
      shop.request('POST', `${operations}/sagas/${id}/actions`, { action, ...who });
    expect(await act('cancel')).toMatchObject({ status: 409, body: { code: 'OPERATION_REFUSED' } });
    await shop.programme('carrier');
    expect(await act('resume')).toMatchObject({
      status: 200,
      body: { actions: [{ orderId: id, outcome: 'applied', operator: 'dana' }] },
    });
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
    await sagaWhen(shop, id, ({ endedAt }) => endedAt !== null);
    expect(await find('status=parked')).toMatchObject({ sagas: [], parked: 0 });
    expect((await find(`status=completed&order=${id}`)).sagas).toHaveLength(1);
  });

  test.each(['orchestrated', 'tcc', 'two-phase'] as const)(
    'an operator declares done what is stuck and was seen to outside: %s',
    async protocol => {
      await shop.programme('carrier', { answer: 'decline' });
      const id = await shop.place(anOrder({ protocol }));
      await sagaWhen(shop, id, ({ state }) => state === 'parked');
      const url = `${operations}/sagas/${id}/actions`;
      const asked = { action: 'force-forward', ...who };
      if (protocol === 'orchestrated') {
        // Its later steps may rely on the reply.
        const wrong = await shop.request('POST', url, { ...asked, reply: { trackingNumber: 7 } });
        expect(wrong).toMatchObject({ status: 409, body: { code: 'OPERATION_REFUSED' } });
      }
      const right = await shop.request('POST', url, { ...asked, reply: { trackingNumber: 'BY-HAND' } });
      expect(right).toMatchObject({ status: 200, body: { actions: [{ outcome: 'applied' }] } });
      await shop.programme('carrier');
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      const { steps } = await sagaWhen(shop, id, ({ endedAt }) => endedAt !== null);
      expect(steps.map(({ state }) => state).join()).toContain('by hand');
    },
  );
}
