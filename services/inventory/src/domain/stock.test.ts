import { describe, expect, test } from 'vitest';
import { releaseUnits, reserveUnits, shipUnits, type Stock } from './stock.js';

const stock = (available: number, reserved: number, shipped: number): Stock => ({
  sku: 'blue-kettle',
  warehouse: 'north',
  available,
  reserved,
  shipped,
});

test('reserving moves pieces from available to reserved', () => {
  expect(reserveUnits(stock(5, 1, 2), 3)).toEqual(stock(2, 4, 2));
});

test('the last piece can be reserved, and one more cannot', () => {
  expect(reserveUnits(stock(3, 0, 0), 3)).toEqual(stock(0, 3, 0));
  expect(reserveUnits(stock(3, 0, 0), 4)).toBeNull();
});

test('releasing moves pieces from reserved to available', () => {
  expect(releaseUnits(stock(2, 4, 2), 3)).toEqual(stock(5, 1, 2));
});

test('shipping moves pieces from reserved to shipped', () => {
  expect(shipUnits(stock(2, 4, 2), 4)).toEqual(stock(2, 0, 6));
});

describe('more than is reserved', () => {
  test.each([
    ['released', releaseUnits],
    ['shipped', shipUnits],
  ])('is never %s: it is a bug', (_, move) => {
    expect(() => move(stock(9, 2, 9), 3)).toThrow('2 pieces of blue-kettle are reserved, and 3 are to leave');
  });
});

describe.each([0, -1, 0.5, NaN, Infinity, 2 ** 53])('%d pieces', quantity => {
  test.each([
    ['reserved', reserveUnits],
    ['released', releaseUnits],
    ['shipped', shipUnits],
  ])('are never %s: it is a bug', (_, move) => {
    expect(() => move(stock(9, 9, 9), quantity)).toThrow(RangeError);
  });
});
