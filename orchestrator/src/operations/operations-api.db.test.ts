import { OperationView, SagaDetails, SagaPage } from '@ballast/contracts';
import { beforeAll, describe, expect, test } from 'vitest';
import { newOrder, startOf } from '../sagas/passes.fixture.js';
import { operationsApi } from './operations-api.fixture.js';

const { passes, owner, app, post, get, act, rows } = await operationsApi();
beforeAll(() => passes.restart());

const parked = async (code = 'CARRIER_AWAY') => {
  const orderId = newOrder();
  await passes.parked(orderId, { outcome: 'refused', code });
  return orderId;
};

const details = async (orderId: string) => SagaDetails.strict().parse((await get(`sagas/${orderId}`)).json());

describe('an action on one saga', () => {
  test('is answered with what became of it, once its owner has handled it', async () => {
    const orderId = await parked();
    const response = await act(orderId.toUpperCase(), { action: 'resume' });
    expect(response.statusCode).toBe(200);
    const operation = OperationView.strict().parse(response.json());
    expect(operation.actions).toMatchObject([
      {
        orderId,
        action: 'resume',
        operator: 'dana',
        reason: 'ticket 4711',
        outcome: 'applied',
        detail: null,
      },
    ]);
    expect(response.headers['location']).toBe(`/operations/${operation.id}`);
    expect((await get(operation.id)).json()).toEqual(operation);
    expect((await details(orderId)).state).toBe('running');
  });

  test('that does not fit the saga is a 409 that says why, and is in the audit', async () => {
    const orderId = await parked();
    const response = await act(orderId, { action: 'force-undo' });
    expect([response.statusCode, response.json()]).toMatchObject([
      409,
      {
        code: 'OPERATION_REFUSED',
        detail: '"capture payment" has been sent: from there on the way is forward only',
        operation: { actions: [{ outcome: 'refused' }] },
      },
    ]);
    const { state, timeline } = await details(orderId);
    expect([state, timeline.at(-1)]).toMatchObject([
      'parked',
      { what: 'operator', action: { action: 'force-undo', outcome: 'refused' } },
    ]);
  });

  test('forces a saga forward with the reply that is given', async () => {
    const orderId = await parked();
    const reply = { trackingNumber: 'T-77' };
    const response = await act(orderId, { action: 'force-forward', step: 'dispatch shipment', reply });
    expect(response.statusCode).toBe(200);
    expect((await details(orderId)).steps).toContainEqual({
      name: 'dispatch shipment',
      state: 'done by hand',
      attempts: 2,
      undone: false,
    });
  });

  test('cancels a saga before the pivot', async () => {
    const orderId = newOrder();
    await passes.pass(startOf(orderId));
    expect((await act(orderId, { action: 'cancel' })).statusCode).toBe(200);
    expect(await details(orderId)).toMatchObject({ state: 'compensating', reason: 'CANCELLED' });
  });

  test('is 202 while the owner is away, and Location tells later', async () => {
    const orderId = await parked();
    owner.away = true;
    const response = await act(orderId, { action: 'resume' }, {}, '?wait=50');
    expect([response.statusCode, response.json()]).toMatchObject([
      202,
      { actions: [{ outcome: 'waiting' }] },
    ]);
    expect((await details(orderId)).timeline.at(-1)).toMatchObject({
      what: 'operator',
      action: { outcome: 'waiting', handledAt: null },
    });
    await owner.comesBack();
    const later = await app.inject({ method: 'GET', url: String(response.headers['location']) });
    expect(later.json()).toMatchObject({ actions: [{ outcome: 'applied' }] });
  });
});

describe('an Idempotency-Key', () => {
  test('repeated is applied once, and answered the same', async () => {
    const orderId = await parked();
    const key = { 'idempotency-key': `resume-${orderId}` };
    const responses = await Promise.all([1, 2, 3].map(() => act(orderId, { action: 'resume' }, key)));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(new Set(responses.map(({ body }) => body)).size).toBe(1);
    const replayed = responses.filter(({ headers }) => headers['idempotency-replayed'] === 'true');
    expect(replayed).toHaveLength(2);
    expect(await rows('SELECT FROM operator_action WHERE order_id = $1', [orderId])).toHaveLength(1);
  });

  test('without one, a second request is a second action', async () => {
    const orderId = await parked();
    const statuses = [await act(orderId, { action: 'resume' }), await act(orderId, { action: 'resume' })];
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 409]);
  });

  test('with another request is 422', async () => {
    const [one, other] = [await parked(), await parked()];
    const key = { 'idempotency-key': `reused-${one}` };
    await act(one, { action: 'resume' }, key);
    for (const response of [
      await act(other, { action: 'resume' }, key),
      await act(one, { action: 'retry' }, key),
      await post('retry', { operator: 'dana', reason: 'x', filter: { status: 'parked' } }, key),
    ]) {
      expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([
        422,
        'IDEMPOTENCY_KEY_REUSED',
      ]);
    }
    expect((await details(other)).state).toBe('parked');
  });
});

describe('retrying all that match', () => {
  const retry = (filter: object, more: object = {}, headers: Record<string, string> = {}) =>
    post('retry', { operator: 'dana', reason: 'the carrier is back', filter, ...more }, headers);

  test('gets on those that match, and no others', async () => {
    const mine = [await parked('RETRY_ME'), await parked('RETRY_ME')];
    const other = await parked('NOT_ME');
    const response = await retry({ status: 'parked', step: 'dispatch shipment', reason: 'RETRY_ME' });
    expect(response.statusCode).toBe(200);
    const { actions } = OperationView.parse(response.json());
    expect(actions.map(({ orderId, outcome }) => [orderId, outcome])).toEqual(
      mine.map(orderId => [orderId, 'applied']),
    );
    expect((await details(other)).state).toBe('parked');
  });

  test('is bounded, the oldest first; the same key does not go on with the next ones', async () => {
    const mine = [await parked('BOUNDED'), await parked('BOUNDED'), await parked('BOUNDED')];
    const key = { 'idempotency-key': `bounded-${mine[0]}` };
    const filter = { status: 'parked', reason: 'BOUNDED' };
    for (let round = 0; round < 2; round++) {
      const { actions } = OperationView.parse((await retry(filter, { limit: 2 }, key)).json());
      expect(actions.map(({ orderId }) => orderId)).toEqual(mine.slice(0, 2));
    }
    const { actions } = OperationView.parse((await retry(filter, { limit: 2 })).json());
    expect(actions.map(({ orderId }) => orderId)).toEqual(mine.slice(2));
  });

  test('that match nothing is an operation without actions', async () => {
    const response = await retry({ status: 'parked', reason: 'NOBODY_SAYS_THIS' });
    expect([response.statusCode, response.json()]).toMatchObject([200, { actions: [] }]);
  });

  test('of sagas that are too young does nothing', async () => {
    await parked('YOUNG');
    const response = await retry({ status: 'parked', reason: 'YOUNG', olderThanSeconds: 3_600 });
    expect(response.json()).toMatchObject({ actions: [] });
  });
});

test('the timeline has all that happened, in order, with what operators did and why', async () => {
  const orderId = await parked();
  await act(orderId, { action: 'resume' });
  const { timeline } = await details(orderId);
  expect(timeline.map(({ seq }) => seq)).toEqual(timeline.map((_, index) => index));
  const told = timeline.map(({ what, step, attempt, reason, action }) =>
    [step ?? 'saga', what, attempt, reason, action?.reason].filter(Boolean).join(' '),
  );
  expect(told).toEqual([
    'reserve stock sent 1',
    'reserve stock done',
    'authorize payment sent 1',
    'authorize payment done',
    'book shipment sent 1',
    'book shipment done',
    'capture payment sent 1',
    'capture payment done',
    'commit stock sent 1',
    'dispatch shipment sent 1',
    'commit stock done',
    'dispatch shipment refused 1 CARRIER_AWAY',
    'dispatch shipment sent 2',
    'dispatch shipment refused 2 CARRIER_AWAY',
    'dispatch shipment parked CARRIER_AWAY',
    'saga operator ticket 4711',
    'dispatch shipment sent 3',
  ]);
});

describe('bad input', () => {
  const orderId = newOrder();
  beforeAll(() => passes.pass(startOf(orderId)));

  test.each([
    ['no body', undefined],
    ['no operator', { action: 'resume', reason: 'x' }],
    ['no reason', { action: 'resume', operator: 'dana' }],
    ['an empty reason', { action: 'resume', operator: 'dana', reason: '' }],
    ['text that cannot be stored', { action: 'resume', operator: 'd\u0000', reason: 'x' }],
    ['an unknown action', { action: 'explode', operator: 'dana', reason: 'x' }],
    ['a field that nobody knows', { action: 'resume', operator: 'dana', reason: 'x', now: true }],
    ['a reply for another action', { action: 'resume', operator: 'dana', reason: 'x', reply: {} }],
    ['a reply that is no object', { action: 'force-forward', operator: 'dana', reason: 'x', reply: 7 }],
    [
      'a reply that fits no message',
      { action: 'force-forward', operator: 'dana', reason: 'x', reply: { note: 'x'.repeat(900_000) } },
    ],
    ['a reason of a megabyte', { action: 'resume', operator: 'dana', reason: 'x'.repeat(900_000) }],
  ])('%s: 400', async (_, body) => {
    const response = await post(`sagas/${orderId}/actions`, body);
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test.each([
    ['no status', { filter: {} }],
    ['ended sagas', { filter: { status: 'completed' } }],
    ['too many', { filter: { status: 'parked' }, limit: 1_001 }],
    ['none', { filter: { status: 'parked' }, limit: 0 }],
    ['no filter', {}],
  ])('retrying %s: 400', async (_, body) => {
    const response = await post('retry', { operator: 'dana', reason: 'x', ...body });
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test.each([
    ['sagas?status=asleep', 'VALIDATION_FAILED'],
    ['sagas?limit=0', 'VALIDATION_FAILED'],
    ['sagas?order=abc', 'VALIDATION_FAILED'],
    ['sagas?olderThanSeconds=-1', 'VALIDATION_FAILED'],
    ['sagas?reason=%00', 'VALIDATION_FAILED'],
    ['sagas?colour=red', 'VALIDATION_FAILED'],
    ['sagas?cursor=nonsense', 'CURSOR_INVALID'],
  ])('GET %s: 400 %s', async (url, code) => {
    const response = await get(url);
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, code]);
  });

  test.each([newOrder(), 'abc', '%00', 'x'.repeat(250)])('there is no saga %s: 404', async id => {
    const responses = [await get(`sagas/${id}`), await act(id, { action: 'resume' })];
    for (const response of responses) {
      expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([404, 'SAGA_NOT_FOUND']);
    }
    const operation = await get(id);
    expect(operation.json()).toMatchObject({ status: 404, code: 'OPERATION_NOT_FOUND' });
  });

  test('a key that is none: 400', async () => {
    const response = await act(orderId, { action: 'retry' }, { 'idempotency-key': 'two words' });
    expect(response.json()).toMatchObject({ status: 400, code: 'IDEMPOTENCY_KEY_INVALID' });
  });

  test('a wait that is too long: 400', async () => {
    const response = await act(orderId, { action: 'retry' }, {}, '?wait=30001');
    expect(response.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  });

  test('nothing of it has reached the saga', async () => {
    expect((await details(orderId)).timeline).toHaveLength(1);
  });
});

test('the API is documented', async () => {
  const document = await app.inject({ method: 'GET', url: '/docs-json' });
  expect(document.json()).toMatchObject({
    paths: {
      '/operations/sagas': {
        get: {
          parameters: ['status', 'step', 'reason', 'order', 'olderThanSeconds', 'limit', 'cursor'].map(
            name => ({
              in: 'query',
              name,
              required: false,
            }),
          ),
        },
      },
      '/operations/sagas/{id}': { get: { responses: { 200: {}, 404: {} } } },
      '/operations/sagas/{id}/actions': {
        post: { requestBody: {}, responses: { 200: {}, 202: {}, 404: {}, 409: {}, 422: {} } },
      },
      '/operations/retry': { post: {} },
      '/operations/{id}': { get: {} },
    },
  });
});

test('a page has what is documented', async () => {
  await parked();
  SagaPage.strict().parse((await get('sagas?status=parked')).json());
});
