import { expect, test } from 'vitest';
import { type Ending, figuresOf, type Slice } from './figures.js';

const ending = (number: number, changes: Partial<Ending> = {}): Ending => ({
  id: `order-${number}`,
  status: 'COMPLETED',
  reason: null,
  durationMs: number,
  ...changes,
});

const slice = (changes: Partial<Slice> = {}): Slice => ({
  endings: Array.from({ length: 100 }, (_, index) => ending(index + 1)),
  ms: 500,
  spent: { messages: 1_500, transactions: 50, walBytes: 123_456, cpuMs: 300 },
  seen: { lockedMs: 250, inDoubtMs: 0, reservedMs: 1_000, effects: new Map() },
  ...changes,
});

test('what is spent is shared out over all orders of all slices, and time is added up', () => {
  expect(figuresOf([slice(), slice({ ms: 1_500 })])).toMatchObject({
    completed: 200,
    rejected: 0,
    ordersPerSecond: 100,
    p50Ms: 51,
    p99Ms: 100,
    messagesPerOrder: 15,
    transactionsPerOrder: 0.5,
    walBytesPerOrder: 1_235,
    cpuMsPerOrder: 3,
    lockHoldMs: 2.5,
    exposureMs: 10,
  });
});

test('what is seen of an order is a dirty read when the order comes to nothing', () => {
  const cancelled = { status: 'CANCELLED', reason: 'OUT_OF_STOCK' } as const;
  const endings = [ending(1), ending(2, cancelled), ending(3, { ...cancelled, reason: 'DEADLINE' })];
  const effects = new Map([
    ['order-1', new Set(['inventory', 'payment'])],
    ['order-2', new Set(['inventory', 'payment'])],
    ['order-3', new Set(['shipping'])],
  ]);
  const figures = figuresOf([slice({ endings, seen: { ...slice().seen, effects } })]);
  expect(figures).toMatchObject({ completed: 1, rejected: 2, dirtyReads: 3, oversellRefused: 1 });
});

test('no order at all has figures, too', () => {
  expect(Object.values(figuresOf([])).every(value => value === 0)).toBe(true);
});
