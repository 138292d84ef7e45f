import { expect, test } from 'vitest';
import { explore } from './search/explore.js';
import { mutantsOf } from './world/mutants.js';
import { onePlan, plannedOrder } from './world/plan.js';

const bounds = { crashes: 2, duplicates: 1, cancels: false, earlyTimers: 0, statesMax: 100_000 };

test(
  'orchestrated: every interleaving with two crashes, a duplicate and a cancel ends well',
  { timeout: 120_000 },
  () => {
    const { complete, failure, states, outcomes } = explore(onePlan('orchestrated'), {
      ...bounds,
      cancels: true,
    });
    expect(failure).toBeNull();
    expect(complete).toBe(true);
    expect(states).toBeGreaterThan(500);
    expect(Object.keys(outcomes).sort()).toEqual(['CANCELLED (CANCELLED)', 'COMPLETED']);
  },
);

test('tcc: every interleaving with two crashes and a duplicate ends well', { timeout: 120_000 }, () => {
  const { complete, failure, outcomes } = explore(onePlan('tcc'), bounds);
  expect(failure).toBeNull();
  expect(complete).toBe(true);
  expect(Object.keys(outcomes)).toEqual(['COMPLETED']);
});

test(
  'choreographed: every interleaving with two crashes and a duplicate ends well',
  { timeout: 120_000 },
  () => {
    const { complete, failure, outcomes } = explore(onePlan('choreographed'), bounds);
    expect(failure).toBeNull();
    expect(complete).toBe(true);
    expect(Object.keys(outcomes)).toEqual(['COMPLETED']);
  },
);

test(
  'two-phase: every interleaving of four branches with a crash and a duplicate ends well',
  { timeout: 120_000 },
  () => {
    const { complete, failure, outcomes } = explore(onePlan('two-phase'), {
      ...bounds,
      crashes: 1,
      inTurns: true,
    });
    expect(failure).toBeNull();
    expect(complete).toBe(true);
    expect(Object.keys(outcomes).sort()).toEqual(['CANCELLED (TIMEOUT)', 'COMPLETED']);
  },
);

test('two-phase: every interleaving of two branches with two crashes ends well', { timeout: 120_000 }, () => {
  const two = onePlan('two-phase', { branches: ['order', 'payment'] });
  const { complete, failure, outcomes } = explore(two, { ...bounds, duplicates: 0 });
  expect(failure).toBeNull();
  expect(complete).toBe(true);
  expect(Object.keys(outcomes).sort()).toEqual(['CANCELLED (TIMEOUT)', 'COMPLETED']);
});

test.each([
  { crashes: 2, duplicates: 0, cancels: false },
  { crashes: 1, duplicates: 1, cancels: false },
  { crashes: 1, duplicates: 0, cancels: true },
])('in turns, %j come to the same ends as in every order', { timeout: 120_000 }, faults => {
  const plan = onePlan('two-phase', { branches: ['order', 'payment'] });
  const [all, turns] = [false, true].map(inTurns => explore(plan, { ...bounds, ...faults, inTurns }));
  expect(turns!.complete).toBe(true);
  expect({ ends: turns!.ends, outcomes: turns!.outcomes }).toEqual({
    ends: all!.ends,
    outcomes: all!.outcomes,
  });
  expect(turns!.states).toBeLessThan(all!.states / 2);
});

// "Decided alone" takes time that passes while something is under way.
const found = mutantsOf['two-phase'].filter(mutant => mutant !== 'decided alone');
test.each(found)('in turns, "%s" is found', { timeout: 120_000 }, mutant => {
  const { failure } = explore(onePlan('two-phase'), { ...bounds, crashes: 1, inTurns: true }, mutant);
  expect(failure).not.toBeNull();
});

test('a mistake is found, and the way to it is told', { timeout: 120_000 }, () => {
  const plan = onePlan('tcc', { orders: [plannedOrder(1)] });
  const { failure } = explore(plan, { ...bounds, cancels: true }, 'undo forgotten');
  expect(failure?.broken).toContain('inventory reserved');
  expect(failure?.story).toContain('inventory takes inventory.release of order-1');
});

test('an exploration that is too large says that it has given up', () => {
  const { complete, states } = explore(onePlan('two-phase'), { ...bounds, statesMax: 100 });
  expect({ complete, states }).toEqual({ complete: false, states: 100 });
});
