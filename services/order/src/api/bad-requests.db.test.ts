import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBody, orderApi } from './order-api.fixture.js';

const api = await orderApi();
const [line] = aBody.lines as [(typeof aBody.lines)[number]];
const withLine = (change: object) => ({ ...aBody, lines: [{ ...line, ...change }] });
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

let before = 0;
beforeAll(async () => {
  before = await api.countOrders();
});
afterAll(async () => {
  expect(await api.countOrders(), 'nothing of a refused request is stored').toBe(before);
  expect(api.sent, 'nothing of a refused request is sent').toEqual([]);
});

describe('POST /orders refuses', () => {
  test.each<[what: string, body: unknown]>([
    ['no object', []],
    ['null', null],
    ['a string', '"order"'],
    ['nothing', {}],
    ['an unknown field', { ...aBody, discount: 1 }],
    ['an unknown field of a line', withLine({ discount: 1 })],
    ['an unknown field of the address', { ...aBody, address: { ...aBody.address, country: 'UK' } }],
    ['an unknown field of the payment', { ...aBody, payment: { kind: 'wallet', token: 't' } }],
    ['no lines', { ...aBody, lines: [] }],
    ['101 lines', { ...aBody, lines: Array.from({ length: 101 }, () => line) }],
    ['a quantity of zero', withLine({ quantity: 0 })],
    ['a negative quantity', withLine({ quantity: -1 })],
    ['a fractional quantity', withLine({ quantity: 1.5 })],
    ['a huge quantity', withLine({ quantity: 10_001 })],
    ['an infinite quantity', JSON.stringify(withLine({})).replace('"quantity":2', '"quantity":1e999')],
    [
      'a quantity beyond 2^53',
      JSON.stringify(withLine({})).replace('"quantity":2', '"quantity":9007199254740993'),
    ],
    ['a quantity as text', withLine({ quantity: '1' })],
    ['a price of zero', withLine({ unitPriceCents: 0 })],
    ['a fractional price', withLine({ unitPriceCents: 0.1 })],
    ['a SKU with a slash', withLine({ sku: '../admin' })],
    ['an empty SKU', withLine({ sku: '' })],
    ['a SKU of 65 letters', withLine({ sku: 'x'.repeat(65) })],
    ['a zero character', { ...aBody, address: { ...aBody.address, name: 'A\u0000' } }],
    ['half a surrogate pair', JSON.stringify(aBody).replace('"Alice"', '"\\ud800"')],
    ['an unknown kind of payment', { ...aBody, payment: { kind: 'cash' } }],
    ['a card without a token', { ...aBody, payment: { kind: 'card' } }],
    ['a day that does not exist', { ...aBody, shipOn: '2027-02-30' }],
    ['an unknown protocol', { ...aBody, protocol: 'wishful' }],
    ['a deep body', deep(5_000)],
    ['a deep field', JSON.stringify(aBody).replace('"wallet"', deep(5_000))],
  ])('%s', async (_, body) => {
    const response = await api.post('/orders', body);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      status: 400,
      detail: expect.any(String),
    });
    expect(response.body.length).toBeLessThan(20_000);
  });

  test.each([
    ['malformed JSON', '{"customerId":'],
    ['__proto__', JSON.stringify(aBody).replace('{', '{"__proto__":{"admin":true},')],
    [
      'constructor.prototype',
      JSON.stringify(aBody).replace('{', '{"constructor":{"prototype":{"admin":true}},'),
    ],
  ])('%s', async (_, body) => {
    const response = await api.post('/orders', body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: expect.stringMatching(/MALFORMED_JSON|VALIDATION_FAILED|BAD_REQUEST/),
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('more than 10^12 cents', async () => {
    const body = {
      ...aBody,
      lines: Array.from({ length: 100 }, () => ({ ...line, quantity: 10_000, unitPriceCents: 100_000_000 })),
    };
    const response = await api.post('/orders', body);
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ code: 'AMOUNT_TOO_LARGE' });
  });

  test('a body of 2 MB', async () => {
    const response = await api.post('/orders', { ...aBody, customerId: 'x'.repeat(2_000_000) });
    expect(response.statusCode).toBe(413);
    expect(response.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])('%s', async type => {
    const response = await api.post('/orders', JSON.stringify(aBody), { 'content-type': type });
    expect(response.statusCode).toBe(415);
  });
});

test('whatever JSON stands in the place of a field is never a 500', { timeout: 120_000 }, async () => {
  const paths = [
    ['customerId'],
    ['lines'],
    ['lines', 0],
    ['lines', 0, 'sku'],
    ['lines', 0, 'quantity'],
    ['payment'],
    ['address'],
    ['shipOn'],
    ['protocol'],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.jsonValue({ noUnicodeString: false }),
      async (path, value) => {
        const body = structuredClone<Record<string, unknown>>(aBody);
        const parent = path
          .slice(0, -1)
          .reduce<Record<string | number, unknown>>((at, key) => at[key] as never, body);
        parent[path.at(-1)!] = value;
        const [alone, batch] = await Promise.all([
          api.post('/orders', body),
          api.post('/orders/batch', { orders: [{ order: body }] }),
        ]);
        // What is not even harmless JSON (__proto__, deep nesting) spoils the batch as a whole.
        const { results = [] } = batch.json<{ results?: { accepted: boolean; status?: number }[] }>();
        const ofLine = batch.statusCode === 200 ? results[0] : { accepted: false, status: batch.statusCode };
        expect(alone.statusCode).toBe(ofLine?.accepted === true ? 202 : ofLine?.status);
        expect(alone.statusCode).toBeLessThan(500);
      },
    ),
    { numRuns: 200 },
  );
  // What happened to be an order was placed.
  before = await api.countOrders();
  api.sent.length = 0;
});

describe('an unknown order', () => {
  const id = '019a6f00-0000-7000-8000-000000000000';
  test.each([id, 'no-uuid', '..%2f..', '1%00', 'x'.repeat(200)])(
    '%s is a 404 wherever it is asked for',
    async segment => {
      const requests = [
        api.get(`/orders/${segment}`),
        api.get(`/orders/${segment}?wait=10`),
        api.get(`/orders/${segment}/events`),
        api.inject({ method: 'POST', url: `/orders/${segment}/cancel` }),
      ];
      for (const response of await Promise.all(requests)) {
        expect(response.statusCode).toBe(404);
        expect(response.json()).toMatchObject({ code: 'ORDER_NOT_FOUND' });
      }
    },
  );

  test('is never among the ended', async () => {
    const response = await api.post('/orders/status?wait=20', { ids: [id] });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ ended: [] });
  });
});

describe('a query is refused', () => {
  test.each([
    '/orders?status=LOST',
    '/orders?limit=0',
    '/orders?limit=201',
    '/orders?limit=1.5',
    '/orders?limit=1e2',
    '/orders?limit=',
    '/orders?customerId=a%20b',
    '/orders?limit=1&limit=2',
    '/orders?page=1',
    '/orders/019a6f00-0000-7000-8000-000000000000?wait=-1',
    '/orders/019a6f00-0000-7000-8000-000000000000?wait=30001',
    '/orders/019a6f00-0000-7000-8000-000000000000?wait=soon',
  ])('%s', async url => {
    const response = await api.get(url);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  test.each([
    'x',
    'djE6',
    'v1:019a6f00-0000-7000-8000-000000000000',
    '%00',
    '🙂',
    Buffer.from('v1:nonsense').toString('base64url'),
  ])('by the cursor %s', async cursor => {
    const response = await api.get(`/orders?cursor=${encodeURIComponent(cursor)}`);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  test.each<[string, unknown]>([
    ['no ids', { ids: [] }],
    ['5,001 ids', { ids: Array.from({ length: 5_001 }, () => '019a6f00-0000-7000-8000-000000000000') }],
    ['an id that is none', { ids: ['x'] }],
    ['an unknown field', { ids: ['019a6f00-0000-7000-8000-000000000000'], all: true }],
  ])('of statuses with %s', async (_, body) => {
    const response = await api.post('/orders/status', body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('POST /orders/batch refuses as a whole', () => {
  test.each<[string, unknown]>([
    ['no lines', { orders: [] }],
    ['501 lines', { orders: Array.from({ length: 501 }, () => ({ order: aBody })) }],
    ['a list', [{ order: aBody }]],
    ['an unknown field', { orders: [{ order: aBody }], all: true }],
  ])('%s', async (_, body) => {
    const response = await api.post('/orders/batch', body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
