import { expect, test } from 'vitest';
import { usage } from '../check-arguments.js';
import { defaultLimits } from '../limits.js';
import { completedOrder } from '../testing/dossiers.fixture.js';
import { progressOf } from './dossier.js';

const { order, ...rest } = completedOrder();
const late = new Date(order!.placedAt.getTime() + 2 * defaultLimits.endsWithinMs);

test('an order that has ended is not overdue, however long it took', () => {
  const ended = { ...rest, order: { ...order!, endedAt: late } };
  expect(progressOf(ended, late, defaultLimits, true)).toBe('ended');
  expect(usage).toMatch(/--ends-within +seconds after which an order that has not ended yet counts as stuck/);
});

test('one that has not ended is overdue once its time is over, and not before', () => {
  const open = { ...rest, order: { ...order!, endedAt: null } };
  const inTime = new Date(order!.placedAt.getTime() + defaultLimits.endsWithinMs);
  expect(progressOf(open, inTime, defaultLimits, true)).toBe('under way');
  expect(progressOf(open, late, defaultLimits, true)).toBe('overdue');
});
