import { describe, expect, test } from 'vitest';
import {
  commit,
  IllegalTransition,
  release,
  reserve,
  skusOf,
  type InventoryState,
  type Reservation,
} from './reservation.js';
import type { Stock } from './stock.js';

const about = { orderId: 'order-1' };
const kettles = { sku: 'blue-kettle', quantity: 2 };
const cups = { sku: 'cup', quantity: 6 };
const lines = [kettles, cups];
const reservation = (status: Reservation['status']): Reservation => ({ status, warehouse: 'north', lines });
const stock = (sku: string, available: number, reserved: number, shipped = 0): Stock => ({
  sku,
  warehouse: 'north',
  available,
  reserved,
  shipped,
});

function given(own: Reservation | undefined, ...stocks: Stock[]): InventoryState {
  return { own, shared: new Map(stocks.map(entry => [entry.sku, entry])), appended: [] };
}

describe('reserve', () => {
  test('sets every line aside, and says where the goods are', () => {
    const state = given(undefined, stock('blue-kettle', 5, 1), stock('cup', 6, 0));
    expect(reserve(state, { lines }, about)).toEqual({
      kind: 'done',
      reply: { warehouse: 'north' },
      state: given(reservation('reserved'), stock('blue-kettle', 3, 3), stock('cup', 0, 6)),
    });
  });

  test('adds up lines of the same article, and keeps them as they were ordered', () => {
    const twice = [kettles, cups, { ...kettles, quantity: 3 }];
    const state = given(undefined, stock('blue-kettle', 5, 0), stock('cup', 6, 0));
    expect(reserve(state, { lines: twice }, about)).toMatchObject({
      kind: 'done',
      state: {
        own: { lines: twice },
        shared: new Map([
          ['blue-kettle', stock('blue-kettle', 0, 5)],
          ['cup', stock('cup', 0, 6)],
        ]),
      },
    });
  });

  test('is rejected when lines of the same article together want more than there is', () => {
    const state = given(undefined, stock('blue-kettle', 3, 9));
    expect(reserve(state, { lines: [kettles, kettles] }, about)).toEqual({
      kind: 'rejected',
      code: 'OUT_OF_STOCK',
      detail: '3 of 4 pieces of blue-kettle are available',
    });
  });

  test('reserves nothing when one line of many is missing', () => {
    const state = given(undefined, stock('blue-kettle', 5, 0), stock('cup', 5, 0));
    expect(reserve(state, { lines }, about)).toEqual({
      kind: 'rejected',
      code: 'OUT_OF_STOCK',
      detail: '5 of 6 pieces of cup are available',
    });
  });

  test('names an article that is not known, whatever else is missing', () => {
    const state = given(undefined, stock('blue-kettle', 0, 0));
    expect(reserve(state, { lines }, about)).toEqual({
      kind: 'rejected',
      code: 'UNKNOWN_SKU',
      detail: 'cup is not an article of ours',
    });
  });

  test.each(['reserved', 'released', 'shipped'] as const)(
    'of an order whose goods are %s is a bug: the barrier answers it',
    status => {
      const state = given(reservation(status), stock('blue-kettle', 9, 9), stock('cup', 9, 9));
      expect(() => reserve(state, { lines }, about)).toThrow(
        new IllegalTransition('order-1', status, 'reserved'),
      );
    },
  );
});

describe('release', () => {
  test('gives every line back', () => {
    const state = given(reservation('reserved'), stock('blue-kettle', 3, 3), stock('cup', 0, 6));
    expect(release(state, {}, about)).toEqual({
      kind: 'done',
      reply: {},
      state: given(reservation('released'), stock('blue-kettle', 5, 1), stock('cup', 6, 0)),
    });
  });

  test('of goods that were given back, or never reserved, changes nothing', () => {
    for (const own of [undefined, reservation('released')]) {
      expect(release(given(own), {}, about)).toEqual({ kind: 'done', reply: {}, state: given(own) });
    }
  });

  test('is refused when the goods have left', () => {
    expect(release(given(reservation('shipped')), {}, about)).toMatchObject({
      kind: 'refused',
      code: 'ALREADY_SHIPPED',
    });
  });
});

describe('commit', () => {
  test('sends every line away', () => {
    const state = given(reservation('reserved'), stock('blue-kettle', 3, 3), stock('cup', 0, 6, 10));
    expect(commit(state, {}, about)).toEqual({
      kind: 'done',
      reply: {},
      state: given(reservation('shipped'), stock('blue-kettle', 3, 1, 2), stock('cup', 0, 0, 16)),
    });
  });

  test('of goods that have left changes nothing', () => {
    const state = given(reservation('shipped'));
    expect(commit(state, {}, about)).toEqual({ kind: 'done', reply: {}, state });
  });

  test('is refused, never done silently, when nothing is reserved or no longer', () => {
    expect(commit(given(undefined), {}, about)).toEqual({
      kind: 'refused',
      code: 'NOT_RESERVED',
      detail: 'nothing is reserved for the order',
    });
    expect(commit(given(reservation('released')), {}, about)).toEqual({
      kind: 'refused',
      code: 'NOT_RESERVED',
      detail: 'the reservation was released',
    });
  });
});

test.each([
  ['release', release],
  ['commit', commit],
])('a %s whose stock is not there is a bug, and changes nothing', (_, decide) => {
  const state = given(reservation('reserved'), stock('cup', 0, 6));
  expect(() => decide(state, {}, about)).toThrow(
    'the stock of blue-kettle, reserved by order order-1, is gone',
  );
});

describe('the articles that a command needs', () => {
  const type = (name: string) => ({ type: `inventory.${name}`, data: {} });

  test('are those ordered, each once', () => {
    const data = { lines: [kettles, cups, kettles] };
    expect(skusOf({ type: 'inventory.reserve', data }, undefined)).toEqual(['blue-kettle', 'cup']);
  });

  test.each(['release', 'commit'])('for a %s are those reserved, as long as they are', name => {
    const twice: Reservation = { ...reservation('reserved'), lines: [kettles, cups, kettles] };
    expect(skusOf(type(name), twice)).toEqual(['blue-kettle', 'cup']);
    for (const own of [undefined, reservation('released'), reservation('shipped')]) {
      expect(skusOf(type(name), own)).toEqual([]);
    }
  });
});
