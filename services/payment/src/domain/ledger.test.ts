import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balanceCentsMax, bank, customer, deposit, escrow, merchant, transfer, withdraw } from './ledger.js';

const cents = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const account = fc.constantFrom(escrow, merchant, bank, customer('alice'));

describe('a transfer', () => {
  test('adds up to 0: what leaves one account arrives at the other', () => {
    fc.assert(
      fc.property(account, account, cents, (from, to, amountCents) => {
        const [out, into] = transfer('order-1', 'capture', from, to, amountCents);
        expect(out.amountCents + into.amountCents).toBe(0);
        expect(into).toEqual({ orderId: 'order-1', kind: 'capture', account: to, amountCents });
        expect(out).toEqual({
          orderId: 'order-1',
          kind: 'capture',
          account: from,
          amountCents: -amountCents,
        });
      }),
    );
  });

  test.each([0, -1, 0.5, NaN, Infinity, 2 ** 53])('of %d cents does not exist', amountCents => {
    expect(() => transfer('order-1', 'capture', escrow, merchant, amountCents)).toThrow(RangeError);
  });
});

describe('a wallet', () => {
  const wallet = { customerId: 'alice', balanceCents: 100 };

  test('is emptied to the last cent, and never beyond', () => {
    expect(withdraw(wallet, 100)).toEqual({ customerId: 'alice', balanceCents: 0 });
    expect(withdraw(wallet, 101)).toBeNull();
  });

  test('is filled to the last cent that can be counted, and never beyond', () => {
    expect(deposit(wallet, balanceCentsMax - 100)).toEqual({
      customerId: 'alice',
      balanceCents: balanceCentsMax,
    });
    expect(deposit(wallet, balanceCentsMax - 99)).toBeNull();
    expect(deposit({ ...wallet, balanceCents: balanceCentsMax }, balanceCentsMax)).toBeNull();
  });
});
