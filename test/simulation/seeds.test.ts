import { describe, expect, test } from 'vitest';
import { run } from './search/run.js';
import { runSeeds, storyOf } from './search/seeds.js';
import { mutantsOf } from './world/mutants.js';
import { onePlan, plannedOrder, type Protocol, protocols } from './world/plan.js';

test.each(protocols)('%s: whatever goes wrong, no invariant is broken', { timeout: 120_000 }, protocol => {
  const { runs, failure } = runSeeds(protocol, { count: 250 });
  expect(failure === null ? 'nothing is broken' : storyOf(protocol, failure)).toBe('nothing is broken');
  expect(runs).toBe(250);
});

describe('a mistake is found, and the shortest run that shows it', () => {
  const mutants = protocols.flatMap(protocol => mutantsOf[protocol].map(mutant => ({ protocol, mutant })));

  test.each(mutants)('$protocol with $mutant', { timeout: 120_000 }, ({ protocol, mutant }) => {
    const { failure } = runSeeds(protocol, { count: 1_000, mutant });
    const { seed, plan, choices, broken, story } = failure!;
    // Shrunk: one order, and no more than it takes for that one to end.
    expect(plan.orders).toHaveLength(1);
    expect(story.length).toBeLessThan(90);
    // The same again, from what it was shrunk to and from the seed alone.
    expect(run(plan, choices, mutant)).toMatchObject({ broken, story });
    expect(runSeeds(protocol, { first: seed, count: 1, mutant }).failure).toEqual(failure);
    // And without the mistake nothing is broken.
    expect(run(plan, choices).broken).toBeNull();
  });
});

describe('an order that nothing stands against', () => {
  test.each(protocols)('%s: is completed', protocol => {
    const { broken, story } = run(onePlan(protocol), []);
    expect(broken).toBeNull();
    expect(story.join('\n')).toMatch(/order takes (order.complete|shipping.dispatched|order.commit-branch)/);
  });
});

describe('one of two orders for the last piece is cancelled, and the other completed', () => {
  test.each<Protocol>(['orchestrated', 'choreographed'])('%s', protocol => {
    const plan = onePlan(protocol, { orders: [plannedOrder(1), plannedOrder(2)] });
    const { broken, story } = run({ ...plan, slots: 2, balanceCents: 200 }, []);
    expect(broken).toBeNull();
    expect(story.join('\n')).toMatch(/inventory.(rejected|reserve.answered \(OUT_OF_STOCK\))/);
  });
});
