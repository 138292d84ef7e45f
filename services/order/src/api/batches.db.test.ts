import type { PlaceOrdersResult } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { aBody, orderApi, slowBody } from './order-api.fixture.js';

const api = await orderApi();
const line = (idempotencyKey?: string, change: object = {}) => ({
  idempotencyKey,
  order: { ...aBody, ...change },
});

async function placeBatch(lines: readonly unknown[]): Promise<PlaceOrdersResult['results']> {
  const response = await api.post('/orders/batch', { orders: lines });
  expect(response.statusCode).toBe(200);
  return response.json<PlaceOrdersResult>().results;
}
const idOf = (result: PlaceOrdersResult['results'][number] | undefined) =>
  result?.accepted === true ? result.id : expect.fail('the line was refused');

test('a batch of 500 lines is placed in one transaction, with a result per line in their order', async () => {
  const lines = Array.from({ length: 500 }, (_, index) => line(`import-${500 - index}`));
  const results = await placeBatch(lines);
  expect(results).toEqual(
    lines.map(({ idempotencyKey }) => ({
      accepted: true,
      idempotencyKey,
      id: expect.any(String),
      replayed: false,
    })),
  );
  expect(new Set(results.map(idOf)).size).toBe(500);
  const rows = await api.database.rows<{ id: string; transaction: string }>(
    "SELECT id, xmin::text AS transaction FROM orders WHERE idempotency_key LIKE 'import-%'",
  );
  expect(rows).toHaveLength(500);
  expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(1);
  const sent = new Set(api.sent.map(({ key }) => key));
  expect(results.every(result => sent.has(idOf(result)))).toBe(true);
});

test('a batch that is sent again gets the same orders, and places nothing', async () => {
  const lines = [line('again-1'), line('again-2')];
  const first = await placeBatch(lines);
  const before = await api.countOrders();
  expect(await placeBatch(lines)).toEqual(first.map(result => ({ ...result, replayed: true })));
  expect(await api.countOrders()).toBe(before);
});

test('each line stands alone: those that are refused do not touch the others', async () => {
  const results = await placeBatch([
    line('alone-1'),
    line('alone-2', { lines: [{ sku: 'blue-kettle', quantity: 0, unitPriceCents: 1 }] }),
    line('alone 3'),
    line('alone-4', { lines: [{ sku: 'unknown-cup', quantity: 1, unitPriceCents: 1 }] }),
    line('alone-5', {
      lines: [{ sku: 'gold', quantity: 10_000, unitPriceCents: 100_000_000 }, aBody.lines[0]],
    }),
    null,
    { idempotencyKey: 'alone-7', order: aBody, discount: 1 },
    { idempotencyKey: 8, order: aBody },
    line('alone-9', { address: { ...aBody.address, name: '\u0000' } }),
    line(),
    { idempotencyKey: null, order: aBody },
  ]);
  const refused = (idempotencyKey: string | null, status: number, code: string, detail: unknown) => ({
    accepted: false,
    idempotencyKey,
    status,
    code,
    detail,
  });
  const placed = (idempotencyKey: string | null) => ({
    accepted: true,
    idempotencyKey,
    id: expect.any(String),
    replayed: false,
  });
  expect(results).toEqual([
    placed('alone-1'),
    refused('alone-2', 400, 'VALIDATION_FAILED', expect.stringContaining('order.lines.0.quantity')),
    refused(null, 400, 'IDEMPOTENCY_KEY_INVALID', expect.stringContaining('idempotencyKey')),
    refused('alone-4', 422, 'UNKNOWN_SKU', 'there is no article unknown-cup'),
    refused('alone-5', 422, 'AMOUNT_TOO_LARGE', expect.any(String)),
    refused(null, 400, 'VALIDATION_FAILED', expect.any(String)),
    refused('alone-7', 400, 'VALIDATION_FAILED', expect.stringContaining('discount')),
    refused(null, 400, 'IDEMPOTENCY_KEY_INVALID', expect.any(String)),
    refused('alone-9', 400, 'VALIDATION_FAILED', expect.stringContaining('order.address.name')),
    placed(null),
    placed(null),
  ]);
  expect(
    await api.database.rows("SELECT idempotency_key FROM orders WHERE idempotency_key LIKE 'alone%'"),
  ).toHaveLength(1);
});

test('a key that occurs twice in a batch is handled like two requests, one after the other', async () => {
  const results = await placeBatch([
    line('twice'),
    line('twice'),
    line('twice', { customerId: 'bob' }),
    line('twice'),
  ]);
  const id = idOf(results[0]);
  expect(results).toMatchObject([
    { accepted: true, id, replayed: false },
    { accepted: true, id, replayed: true },
    { accepted: false, status: 422, code: 'IDEMPOTENCY_KEY_REUSED' },
    { accepted: true, id, replayed: true },
  ]);
});

test('500 lines with one key place one order', async () => {
  const results = await placeBatch(Array.from({ length: 500 }, () => line('five-hundred')));
  expect(new Set(results.map(idOf)).size).toBe(1);
  expect(
    await api.database.rows("SELECT id FROM orders WHERE idempotency_key = 'five-hundred'"),
  ).toHaveLength(1);
});

test('a key is one, in a batch or alone', async () => {
  const alone = await api.post('/orders', aBody, { 'idempotency-key': 'both-ways' });
  expect(await placeBatch([line('both-ways')])).toEqual([
    { accepted: true, idempotencyKey: 'both-ways', id: alone.json<{ id: string }>().id, replayed: true },
  ]);
});

test('a key in flight is a 409 of its line', async () => {
  const inHand = await api.whileInHand(
    () => api.post('/orders', slowBody(), { 'idempotency-key': 'busy' }),
    async () => {
      expect(await placeBatch([line('busy'), line('idle')])).toMatchObject([
        { accepted: false, status: 409, code: 'IDEMPOTENCY_KEY_IN_FLIGHT' },
        { accepted: true },
      ]);
    },
  );
  expect(inHand.statusCode).toBe(202);
});
