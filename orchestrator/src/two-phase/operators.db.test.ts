import type { TimelineEntry } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import { operationsApi } from '../operations/operations-api.fixture.js';
import { answerTo, newOrder, startOf } from '../sagas/passes.fixture.js';

const { passes, act, get, post, rows } = await operationsApi();
const tcc = 'place-order-tcc';
const away = { outcome: 'refused', code: 'CARRIER_AWAY' } as const;

async function parked(): Promise<string> {
  const orderId = newOrder();
  await passes.parked(orderId, away, tcc);
  return orderId;
}
async function tried(): Promise<string> {
  const orderId = newOrder();
  await passes.pass(startOf(orderId, undefined, 60_000, tcc));
  return orderId;
}
const detailsOf = async (orderId: string) => (await get(`sagas/${orderId}`)).json();
const found = async (query: string): Promise<{ id: string }[]> => (await get(`sagas?${query}`)).json().sagas;

/** As one line each. */
const told = (timeline: readonly TimelineEntry[]) =>
  timeline.map(({ what, operation, step, attempt, reason, action }) =>
    [what, operation, step, attempt, reason, action?.action].filter(word => word != null).join(' '),
  );

describe('what is tried for an order is found and shown as sagas are', () => {
  test('by its status, whatever its own words for it are', async () => {
    const [running, stuck] = [await tried(), await parked()];
    const done = newOrder();
    await passes.settle(await passes.pass(startOf(done, undefined, 60_000, tcc)));
    const undone = await tried();
    await act(undone, { action: 'force-undo' });
    for (const [id, status] of [
      [running, 'running'],
      [stuck, 'parked'],
      [done, 'completed'],
      [undone, 'compensating'],
    ] as const) {
      expect(await found(`status=${status}&order=${id}`)).toMatchObject([
        { id, state: status, protocol: 'tcc' },
      ]);
      expect(await found(`order=${id}`)).toHaveLength(1);
    }
  });

  test('by the branch that it waits for, and by its reason', async () => {
    const id = await parked();
    expect(await found(`order=${id}&step=shipping`)).toHaveLength(1);
    expect(await found(`order=${id}&step=payment`)).toHaveLength(0);
    expect(await found(`order=${id}&step=shipping&status=parked`)).toHaveLength(1);
    expect(await found(`order=${id}&reason=commit%20of`)).toHaveLength(1);
    const running = await tried();
    expect(await found(`order=${running}&step=payment`)).toHaveLength(1);
  });

  test('with all that happened, in order', async () => {
    const id = await parked();
    const details = await detailsOf(id);
    expect(details).toMatchObject({
      state: 'parked',
      reason: 'commit of shipping: CARRIER_AWAY',
      steps: [
        { name: 'inventory', state: 'committed', attempts: 1, undone: false },
        { name: 'payment', state: 'committed' },
        { name: 'shipping', state: 'commit stuck', attempts: 2 },
        { name: 'complete order', state: 'not begun' },
      ],
    });
    expect(told(details.timeline)).toEqual([
      'sent prepare inventory 1',
      'sent prepare payment 1',
      'sent prepare shipping 1',
      'done prepare inventory',
      'done prepare payment',
      'done prepare shipping',
      'decided commit',
      'sent commit inventory 1',
      'sent commit payment 1',
      'sent commit shipping 1',
      'done commit inventory',
      'done commit payment',
      'refused commit shipping 1 CARRIER_AWAY',
      'sent commit shipping 2',
      'refused commit shipping 2 CARRIER_AWAY',
      'parked commit shipping CARRIER_AWAY',
    ]);
  });

  test('also when it was aborted: who was told, and why', async () => {
    const orderId = newOrder();
    const { send } = await passes.pass(startOf(orderId, undefined, 60_000, tcc));
    const rejected = { outcome: 'rejected', code: 'NO_CAPACITY' } as const;
    await passes.settle(await passes.pass(answerTo(send[2]!.message, rejected)));
    const { timeline, ...details } = await detailsOf(orderId);
    expect(details).toMatchObject({
      state: 'compensated',
      reason: 'NO_CAPACITY',
      steps: [
        { name: 'inventory', state: 'aborted', undone: true },
        { name: 'payment', state: 'aborted', undone: true },
        { name: 'shipping', state: 'refused', undone: false },
        { name: 'complete order', state: 'not begun' },
      ],
    });
    expect(told(timeline).slice(3)).toEqual([
      'rejected prepare shipping NO_CAPACITY',
      'decided NO_CAPACITY',
      'sent abort inventory 1',
      'sent abort payment 1',
      'done abort inventory',
      'done abort payment',
      'ended',
    ]);
  });
});

describe('operators act on it as on sagas', () => {
  test('resume sends what is stuck once more, and is put on record', async () => {
    const id = await parked();
    const answer = await act(id, { action: 'resume' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().actions).toMatchObject([{ orderId: id, action: 'resume', outcome: 'applied' }]);
    const { state, timeline } = await detailsOf(id);
    expect(state).toBe('running');
    expect(told(timeline).slice(-2)).toEqual(['operator resume', 'sent commit shipping 3']);
    expect(await rows('SELECT FROM parked_saga WHERE order_id = $1', [id])).toEqual([]);
  });

  test('force-forward counts what is stuck as done: the order goes on', async () => {
    const id = await parked();
    expect((await act(id, { action: 'force-forward', step: 'payment' })).statusCode).toBe(409);
    expect((await act(id, { action: 'force-forward', step: 'shipping' })).statusCode).toBe(200);
    expect((await detailsOf(id)).steps.slice(2)).toMatchObject([
      { name: 'shipping', state: 'committed by hand' },
      { name: 'complete order', state: 'sent' },
    ]);
  });

  test('force-undo and cancel abort what is not decided, and are refused from the decision on', async () => {
    const [undone, cancelled, decided] = [await tried(), await tried(), await parked()];
    await act(undone, { action: 'force-undo' });
    await act(cancelled, { action: 'cancel' });
    expect(await detailsOf(undone)).toMatchObject({ state: 'compensating', reason: 'OPERATOR' });
    expect(await detailsOf(cancelled)).toMatchObject({ state: 'compensating', reason: 'CANCELLED' });
    for (const action of ['force-undo', 'cancel']) {
      const refused = await act(decided, { action });
      expect(refused.statusCode).toBe(409);
      expect(refused.json()).toMatchObject({
        code: 'OPERATION_REFUSED',
        detail: 'it is decided that everything is done: the way is forward only',
      });
    }
    const audit = await rows('SELECT action, outcome FROM operator_action WHERE order_id = $1 ORDER BY id', [
      decided,
    ]);
    expect(audit).toEqual([
      { action: 'force-undo', outcome: 'refused' },
      { action: 'cancel', outcome: 'refused' },
    ]);
  });

  test('all that match are retried, sagas and these together', async () => {
    const saga = newOrder();
    await passes.parked(saga, away);
    const other = await parked();
    const answer = await post('retry', {
      operator: 'dana',
      reason: 'the carrier is back',
      filter: { status: 'parked', reason: 'CARRIER_AWAY' },
      limit: 1_000,
    });
    const retried = (answer.json().actions as { orderId: string; outcome: string }[]).filter(
      ({ outcome }) => outcome === 'applied',
    );
    expect(retried.map(({ orderId }) => orderId)).toEqual(expect.arrayContaining([saga, other]));
  });
});
