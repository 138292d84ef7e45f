import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.js';
import { RetryBudget } from './retry-budget.js';

test('a call in ten may be repeated', () => {
  const budget = new RetryBudget({ ratio: 0.1, perSecond: 0, savedMax: 1 }, new VirtualClock());
  expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
  const allowed = Array.from({ length: 100 }, () => {
    budget.deposit();
    return budget.withdraw();
  });
  expect(allowed.filter(Boolean)).toHaveLength(10);
});

test('with few calls, so many per second', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget({ ratio: 0, perSecond: 2, savedMax: 3 }, clock);
  while (budget.withdraw());
  await clock.advance(1_000);
  expect([budget.withdraw(), budget.withdraw(), budget.withdraw()]).toEqual([true, true, false]);
  await clock.advance(60_000);
  expect(budget.saved).toBe(3);
});

test('what is given back may be spent again, up to what may be saved', () => {
  const budget = new RetryBudget({ ratio: 0, perSecond: 0, savedMax: 2 }, new VirtualClock());
  expect([budget.withdraw(), budget.withdraw(), budget.withdraw()]).toEqual([true, true, false]);
  budget.giveBack();
  expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
  for (let given = 0; given < 5; given++) budget.giveBack();
  expect(budget.saved).toBe(2);
});

test('other numbers hold at once', () => {
  const budget = new RetryBudget({ ratio: 1, perSecond: 0, savedMax: 100 }, new VirtualClock());
  budget.reconfigure({ ratio: 1, perSecond: 0, savedMax: 2 });
  expect(budget.saved).toBe(2);
  expect(() => budget.reconfigure({ ratio: -1, perSecond: 0, savedMax: 2 })).toThrow(RangeError);
  // Never a whole one: no call would ever be repeated.
  expect(() => budget.reconfigure({ ratio: 1, perSecond: 1, savedMax: 0.5 })).toThrow(
    new RangeError('retry budget: savedMax is 0.5; it has to be 1 or more'),
  );
});

test('a budget is never exceeded, whatever comes in whatever order', async () => {
  const happening = fc.oneof(
    { weight: 4, arbitrary: fc.constant('call' as const) },
    { weight: 4, arbitrary: fc.constant('retry' as const) },
    { weight: 1, arbitrary: fc.nat(3_000) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 100, size: 'max' }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(5),
      fc.integer({ min: 1, max: 20 }),
      async (happenings, ratio, perSecond, savedMax) => {
        const clock = new VirtualClock();
        const budget = new RetryBudget({ ratio, perSecond, savedMax }, clock);
        const log: { calls: number; retries: number; ms: number }[] = [{ calls: 0, retries: 0, ms: 0 }];
        let [calls, retries] = [0, 0];
        for (const what of happenings) {
          if (what === 'call') {
            calls++;
            budget.deposit();
          } else if (what === 'retry') retries += budget.withdraw() ? 1 : 0;
          else await clock.advance(what);
          const ms = clock.elapsedMs();
          // In every stretch of time, not only from the start.
          const overdrawn = log.filter(since => {
            const allowed = savedMax + ratio * (calls - since.calls) + (perSecond * (ms - since.ms)) / 1_000;
            return retries - since.retries > allowed + 1e-6;
          });
          expect(overdrawn).toEqual([]);
          log.push({ calls, retries, ms });
        }
      },
    ),
    { numRuns: 100 },
  );
});
