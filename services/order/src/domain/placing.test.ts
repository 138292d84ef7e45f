import { Order, PlaceOrder } from '@ballast/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint, place } from './placing.js';

const today = '2026-11-21';
const body = {
  customerId: 'alice',
  lines: [
    { sku: 'blue-kettle', quantity: 2, unitPriceCents: 3_900 },
    { sku: 'red-cup', quantity: 10, unitPriceCents: 450 },
  ],
  payment: { kind: 'card', token: 'tok-1' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
} as const;
const parsed = (change: object = {}) => PlaceOrder.parse({ ...body, ...change });

describe('placing', () => {
  test('adds the lines up, to the cent', () => {
    expect(place(parsed(), today)).toMatchObject({ kind: 'accepted', order: { amountCents: 12_300 } });
  });

  test('ships today when the customer names no day', () => {
    expect(place(parsed(), today)).toMatchObject({ order: { shipOn: today } });
    expect(place(parsed({ shipOn: '2027-01-02' }), today)).toMatchObject({ order: { shipOn: '2027-01-02' } });
  });

  test('makes an order that the flows accept', () => {
    const placing = place(parsed(), today);
    expect(placing.kind === 'accepted' && Order.strict().safeParse(placing.order).success).toBe(true);
  });

  test('refuses more than 10^12 cents, and takes exactly that', () => {
    const line = (quantity: number) => ({ sku: 'gold', quantity, unitPriceCents: 100_000_000 });
    expect(place(parsed({ lines: [line(10_000)] }), today).kind).toBe('accepted');
    const cent = { sku: 'pin', quantity: 1, unitPriceCents: 1 };
    expect(place(parsed({ lines: [line(10_000), cent] }), today)).toEqual({
      kind: 'refused',
      code: 'AMOUNT_TOO_LARGE',
      detail: 'the lines add up to 1000000000001 cents, more than 1000000000000',
    });
  });
});

describe('two-phase commit', () => {
  test('refuses a card, which nobody could prepare, and takes a wallet', () => {
    expect(place(parsed({ protocol: 'two-phase' }), today)).toMatchObject({
      kind: 'refused',
      code: 'CARD_NOT_PREPARABLE',
    });
    const wallet = parsed({ protocol: 'two-phase', payment: { kind: 'wallet' } });
    expect(place(wallet, today).kind).toBe('accepted');
  });

  test('is the only protocol that refuses one', () => {
    for (const protocol of ['orchestrated', 'choreographed', 'tcc'])
      expect(place(parsed({ protocol }), today).kind).toBe('accepted');
  });
});

describe('two bodies are the same', () => {
  test('whatever the order of their keys', () => {
    const shuffled = fc.shuffledSubarray(Object.keys(body), { minLength: Object.keys(body).length });
    fc.assert(
      fc.property(shuffled, keys => {
        const other = Object.fromEntries(keys.map(key => [key, body[key as keyof typeof body]]));
        expect(fingerprint(PlaceOrder.parse(other))).toBe(fingerprint(parsed()));
      }),
    );
  });

  test('when one spells out the default protocol', () => {
    expect(fingerprint(parsed({ protocol: 'orchestrated' }))).toBe(fingerprint(parsed()));
  });

  test('but not when anything else differs', () => {
    const changes = [
      { customerId: 'bob' },
      { shipOn: today },
      { payment: { kind: 'wallet' } },
      { payment: { kind: 'card', token: 'tok-2' } },
      { lines: [...body.lines].reverse() },
      { lines: body.lines.slice(0, 1) },
      ...(['sku', 'quantity', 'unitPriceCents'] as const).map(key => ({
        lines: [{ ...body.lines[0], [key]: key === 'sku' ? 'other' : 7 }, body.lines[1]],
      })),
      ...Object.keys(body.address).map(key => ({ address: { ...body.address, [key]: 'other' } })),
    ];
    const prints = changes.map(change => fingerprint(parsed(change)));
    expect(new Set([...prints, fingerprint(parsed())]).size).toBe(changes.length + 1);
  });
});
