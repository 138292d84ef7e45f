import { topicEnds, writeTopic } from '@ballast/messaging';
import { describe, expect, test } from 'vitest';
import { becomes } from './becomes.js';
import { anOrder, type Shop } from './shop.js';

const line = { sku: 'kettle', quantity: 1, unitPriceCents: 1_000 };
const withLine = (changes: object) => ({ ...anOrder(), lines: [{ ...line, ...changes }] });

/** fetch takes header values as bytes. */
const encodeLatin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

/** What comes in from outside and is wrong. To be the last: it leaves dead letters. */
export function badInput(shop: Shop): void {
  describe('bad input', () => {
    /** How many orders there are, seen from outside. */
    async function orderCount(): Promise<number> {
      return (await shop.request('GET', `${shop.orders}?limit=200`)).body.orders.length;
    }

    test.each<[string, unknown]>([
      ['malformed JSON', '{"customerId":'],
      ['JSON that is no object', '[]'],
      ['an empty body', ''],
      ['quantity zero', withLine({ quantity: 0 })],
      ['a negative quantity', withLine({ quantity: -1 })],
      ['a huge quantity', withLine({ quantity: 1e308 })],
      ['a quantity beyond what doubles count', withLine({ quantity: 2 ** 53 })],
      ['a fractional quantity', withLine({ quantity: 1.5 })],
      ['a quantity as text', withLine({ quantity: '1' })],
      ['a fractional price', withLine({ unitPriceCents: 9.99 })],
      ['a negative price', withLine({ unitPriceCents: -100 })],
      ['no lines', { ...anOrder(), lines: [] }],
      ['101 lines', { ...anOrder(), lines: Array.from({ length: 101 }, () => line) }],
      ['a customer that is a number', { ...anOrder(), customerId: 7 }],
      ['a customer with U+0000', { ...anOrder(), customerId: 'a\u0000b' }],
      ['an address with U+0000', { ...anOrder(), address: { ...anOrder().address, name: 'a\u0000b' } }],
      [
        'an address with half a surrogate pair',
        { ...anOrder(), address: { ...anOrder().address, name: '\ud800' } },
      ],
      ['a protocol that nobody knows', { ...anOrder(), protocol: 'magic' }],
      ['a field that nobody knows', { ...anOrder(), discount: 100 }],
      ['a prototype', '{"__proto__": {"customerId": "alice"}, "constructor": 1}'],
      ['a day that is none', { ...anOrder(), shipOn: '2026-02-30' }],
      ['a card without a token', { ...anOrder(), payment: { kind: 'card' } }],
      ['null', 'null'],
    ])('%s is a clear 4xx, and nothing is stored', async (_, body) => {
      const before = await orderCount();
      const answer = await shop.request('POST', shop.orders, body, { 'content-type': 'application/json' });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({
        status: answer.status,
        code: expect.any(String),
        title: expect.any(String),
      });
      expect(await orderCount()).toBe(before);
    });

    test('an unknown SKU is 422 with a code, and nothing is stored', async () => {
      const before = await orderCount();
      const answer = await shop.request('POST', shop.orders, withLine({ sku: 'no-such-thing' }));
      expect(answer).toMatchObject({ status: 422, body: { code: 'UNKNOWN_SKU' } });
      expect(await orderCount()).toBe(before);
    });

    test('a body of 2 MB is 413', async () => {
      const body = JSON.stringify({ ...anOrder(), note: 'x'.repeat(2_000_000) });
      const answer = await shop.request('POST', shop.orders, body).catch((error: Error) => error);
      // The server may answer and close before the client has sent everything.
      if (answer instanceof Error) expect(String(answer.cause)).toMatch(/EPIPE|ECONNRESET|other side closed/);
      else expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    });

    test('another content type is 415', async () => {
      const answer = await shop.request('POST', shop.orders, 'a=b', {
        'content-type': 'application/x-www-form-urlencoded',
      });
      expect(answer).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    });

    test.each(['0192f0c1-2f7a-7c3e-9a54-0242ac120002', 'not-an-id', "'; DROP TABLE orders; --"])(
      'an order id that is not known (%s) is 404, for everything that can be done with an order',
      async id => {
        const url = `${shop.orders}/${encodeURIComponent(id)}`;
        for (const [method, path] of [
          ['GET', url],
          ['GET', `${url}/events`],
          ['POST', `${url}/cancel`],
        ] as const) {
          const answer = await shop.request(method, path);
          expect(answer.status).toBeGreaterThanOrEqual(400);
          expect(answer.status).toBeLessThan(500);
          expect(answer.body.code).toEqual(expect.any(String));
        }
      },
    );

    test.each(['x'.repeat(256), 'two words', 'umlaut-ä'])('the Idempotency-Key %s is 400', async key => {
      const before = await orderCount();
      const answer = await shop.request('POST', shop.orders, anOrder(), {
        'idempotency-key': encodeLatin1(key),
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY_KEY_INVALID' } });
      expect(await orderCount()).toBe(before);
    });

    test('the same key and body get the same answer, another body 422, and one order is placed', async () => {
      const before = await orderCount();
      const headers = { 'idempotency-key': 'bad-input-replay' };
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => shop.request('POST', shop.orders, anOrder(), headers)),
      );
      const accepted = answers.filter(({ status }) => status === 202);
      expect(accepted.length).toBeGreaterThan(0);
      expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
      expect(new Set(accepted.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      const other = await shop.request('POST', shop.orders, withLine({ quantity: 2 }), headers);
      expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
      expect(await orderCount()).toBe(before + 1);
    });

    test('a batch answers line by line: what is wrong with one does not touch the others', async () => {
      const { status, body } = await shop.request('POST', `${shop.orders}/batch`, {
        orders: [
          { idempotencyKey: 'batch-1', order: anOrder() },
          { idempotencyKey: 'batch-2', order: withLine({ quantity: 0 }) },
          { idempotencyKey: 'batch-3', order: withLine({ sku: 'no-such-thing' }) },
          { idempotencyKey: 'batch-1', order: anOrder() },
          { idempotencyKey: 'batch-1', order: withLine({ quantity: 2 }) },
          'nonsense',
        ],
      });
      expect(status).toBe(200);
      expect(body.results.map(({ accepted }: { accepted: boolean }) => accepted)).toEqual([
        true,
        false,
        false,
        true,
        false,
        false,
      ]);
      expect(body.results[3].id).toBe(body.results[0].id);
      expect(body.results[2].code).toBe('UNKNOWN_SKU');
      const tooMany = await shop.request('POST', `${shop.orders}/batch`, {
        orders: Array.from({ length: 501 }, () => ({ order: anOrder() })),
      });
      expect(tooMany.status).toBe(400);
    });

    test('undecodable records on any topic become dead letters, and the shop goes on', async () => {
      const topics = [
        'order.commands',
        'inventory.commands',
        'payment.commands',
        'shipping.commands',
        'orchestrator.commands',
        'orchestrator.replies',
      ];
      for (const topic of topics) {
        await writeTopic(shop.stack.brokers, topic, [
          { partition: 0, key: 'x', value: Buffer.from([0, 255, 254]) },
          { partition: 1, key: null, value: null },
          { partition: 2, key: 'y', value: '{"specversion":"1.0","id":"\\u0000"}' },
        ]);
      }
      const id = await shop.place(anOrder());
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      const wanted = topics.length * 3;
      await becomes(
        `${wanted} dead letters`,
        async () => {
          const ends = [...(await topicEnds(shop.stack.brokers, ['dead-letters'])).values()].flat();
          return ends.reduce((sum, { end }) => sum + end, 0) >= wanted;
        },
        20_000,
      );
    });
  });
}
