import { expect, test } from 'vitest';
import { OrderList } from './order-list.js';

const list = new OrderList({ orders: 400, seed: 7, skew: 'none' });
const piecesOf = (orders: ReturnType<OrderList['under']>) => {
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of orders.flatMap(({ lines }) => lines))
    pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  return pieces;
};
const renamed = (orders: readonly unknown[], from: string, to: string) =>
  JSON.parse(JSON.stringify(orders).replaceAll(`${from}-`, `${to}-`).replaceAll(`"${from}"`, `"${to}"`));

test('the orders are the same ones for the same seed, and under every protocol', () => {
  const again = new OrderList({ orders: 400, seed: 7, skew: 'none' });
  expect(again.under('tcc')).toEqual(list.under('tcc'));
  expect(renamed(list.under('tcc'), 'tcc', 'two-phase')).toEqual(list.under('two-phase'));
  expect(new OrderList({ orders: 400, seed: 8, skew: 'none' }).under('tcc')).not.toEqual(list.under('tcc'));
});

test('of every tenth article there is too little, of the others exactly enough', () => {
  const { stock } = list.suppliesOf('tcc');
  const ordered = piecesOf(list.under('tcc'));
  const short = [...ordered].filter(([sku, pieces]) => stock.get(sku)! < pieces);
  expect(stock.size).toBe(ordered.size);
  expect(short.length).toBeGreaterThan(10);
  expect(short.every(([sku]) => sku.endsWith('4'))).toBe(true);
});

test('one in twenty has no money, and one an address that nobody serves', () => {
  const orders = list.under('orchestrated');
  expect(orders.filter(({ customerId }) => customerId.endsWith('-poor'))).toHaveLength(20);
  expect(orders.filter(({ address }) => address.zone.endsWith('-nowhere'))).toHaveLength(20);
});

test('with skew, a few articles are in most of the orders', () => {
  const skewed = piecesOf(new OrderList({ orders: 400, seed: 7, skew: 'zipf' }).under('tcc'));
  const all = [...skewed.values()].reduce((sum, pieces) => sum + pieces, 0);
  const popular = [...skewed.values()].sort((a, b) => b - a).slice(0, 10);
  expect(popular.reduce((sum, pieces) => sum + pieces, 0)).toBeGreaterThan(all * 0.4);
});
