import { expect, test } from 'vitest';
import { advanceHold, type Hold } from './hold.js';

const tried = { kind: 'tried', orderId: 'an-order', branch: 'inventory' } as const;
const held = (): Hold => advanceHold(null, tried, 0).hold!;

test('what is set aside waits for the decision, and then asks, again and again, but never decides', () => {
  expect(advanceHold(held(), { kind: 'timer' }, 29_999)).toEqual({ hold: held(), effects: [] });
  const first = advanceHold(held(), { kind: 'timer' }, 30_000);
  expect(first.effects).toEqual([{ kind: 'ask', branch: 'inventory' }]);
  expect(first.hold).toMatchObject({ asked: 1, askAt: 40_000 });
  expect(advanceHold(first.hold, { kind: 'timer' }, 40_000).hold).toMatchObject({ asked: 2 });
});

test('a repeated try does not begin to wait anew', () => {
  expect(advanceHold(held(), tried, 20_000).hold).toEqual(held());
});

test('what is confirmed or cancelled asks no more', () => {
  expect(advanceHold(held(), { kind: 'settled' }, 1)).toEqual({ hold: null, effects: [] });
  expect(advanceHold(null, { kind: 'timer' }, 1)).toEqual({ hold: null, effects: [] });
});
