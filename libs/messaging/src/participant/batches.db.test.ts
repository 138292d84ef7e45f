import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inLane, messageOf, newOrder, told, Workshop } from './passes.fixture.js';
import { giveToolBack, takeTool } from './workshop.fixture.js';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

interface Step {
  readonly order: number;
  readonly does: 'take' | 'give back';
  readonly tool: string;
  readonly count: number;
  readonly late: boolean;
  /** Whether a pass ends after it. */
  readonly cut: boolean;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    order: fc.nat(2),
    does: fc.constantFrom('take' as const, 'take' as const, 'give back' as const),
    tool: fc.constantFrom('hammer', 'saw', 'spoon'),
    count: fc.integer({ min: 1, max: 3 }),
    late: fc.boolean(),
    cut: fc.boolean(),
  }),
  { minLength: 1, maxLength: 24 },
);

test('however messages are cut into passes, answers and records are the same', { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(steps, async sequence => {
      const alone = await run(sequence, () => true);
      const cut = await run(sequence, ({ cut }) => cut);
      const together = await run(sequence, () => false);
      expect(cut).toEqual(alone);
      expect(together).toEqual(alone);
      const { shelf, taken } = alone;
      for (const tool of ['hammer', 'saw']) expect(shelf[tool]! + (taken[tool] ?? 0)).toBe(4);
    }),
    { numRuns: 40 },
  ),
);

async function run(sequence: readonly Step[], cutAfter: (step: Step) => boolean) {
  await workshop.rows(`UPDATE shelf SET "left" = CASE tool WHEN 'cleaning' THEN 0 ELSE 4 END`);
  await workshop.rows('TRUNCATE line');
  const orders = [newOrder(), newOrder(), newOrder()];
  const answers: string[] = [];
  let pass = [];
  for (const [index, step] of sequence.entries()) {
    const id = orders[step.order]!;
    const deadline = new Date(Date.now() + (step.late ? -60_000 : 60_000)).toISOString();
    const attributes = { attempt: index + 1, deadline };
    const { tool, count } = step;
    pass.push(
      inLane(
        step.does === 'take'
          ? messageOf(takeTool, id, { tool, count }, attributes)
          : messageOf(giveToolBack, id, {}, attributes),
      ),
    );
    if (!cutAfter(step) && index < sequence.length - 1) continue;
    answers.push(...told(await workshop.pass(pass)));
    pass = [];
  }
  const shelf = await workshop.rows<{ tool: string; left: number }>('SELECT tool, "left" FROM shelf');
  const taken = await workshop.rows<{ tool: string; count: number }>(
    `SELECT record->>'tool' AS tool, sum((record->>'count')::int)::int AS count FROM job
     WHERE order_id = ANY ($1::uuid[]) AND record->>'tool' IS NOT NULL GROUP BY 1`,
    [orders],
  );
  return {
    answers,
    barriers: await Promise.all(orders.map(order => workshop.barrier(order))),
    lines: await workshop.rows('SELECT line FROM line ORDER BY seq'),
    shelf: Object.fromEntries(shelf.map(({ tool, left }) => [tool, left])),
    taken: Object.fromEntries(taken.map(({ tool, count }) => [tool, count])),
  };
}
