import fc from 'fast-check';
import type { Mutant } from '../world/mutants.js';
import { anyPlan, type Plan, type Protocol } from '../world/plan.js';
import { run } from './run.js';

export interface Failure {
  readonly seed: number;
  readonly plan: Plan;
  readonly choices: readonly number[];
  readonly broken: string;
  readonly story: readonly string[];
}

export interface Seeds {
  readonly runs: number;
  readonly steps: number;
  readonly failure: Failure | null;
}

/** What one seed stands for: a plan and its choices, both made by fast-check, which also shrinks them. */
const anyRun = (protocol: Protocol) =>
  fc.noBias(
    fc.record({
      plan: anyPlan(protocol),
      choices: fc.array(fc.nat({ max: 0xffff }), { maxLength: 120, size: 'max' }),
    }),
  );

/** Runs the seeds from `first` on, until one fails, and shrinks what that one does to the shortest run that fails. */
export function runSeeds(
  protocol: Protocol,
  { first = 1, count, mutant = null }: { first?: number; count: number; mutant?: Mutant | null },
  progress: (runs: number) => void = () => {},
): Seeds {
  let steps = 0;
  const arbitrary = anyRun(protocol);
  for (let seed = first; seed < first + count; seed++) {
    const property = fc.property(arbitrary, ({ plan, choices }) => {
      const { broken, steps: taken } = run(plan, choices, mutant);
      steps += taken;
      return broken === null;
    });
    const { failed, counterexample } = fc.check(property, { seed, numRuns: 1 });
    if (failed) {
      const [{ plan, choices }] = counterexample!;
      const { broken, story } = run(plan, choices, mutant);
      return { runs: seed - first + 1, steps, failure: { seed, plan, choices, broken: broken!, story } };
    }
    if ((seed - first + 1) % 1_000 === 0) progress(seed - first + 1);
  }
  return { runs: count, steps, failure: null };
}

/** A failure as somebody reads it: what the shop was like, what happened, what broke, and how to see it again. */
export function storyOf(
  protocol: Protocol,
  { seed, plan, broken, story }: Failure,
  mutant: Mutant | null = null,
): string {
  const { orders, pieces, balanceCents, slots } = plan;
  const shown = orders.map(
    ({ id, order, deadlineMs, gatewayDeclines, carrierRefusals }) =>
      `  ${id}: ${order.customerId} orders ${order.amountCents / 100} by ${order.payment.kind} to ${order.address.zone}, deadline ${deadlineMs / 1_000} s, gateway declines ${gatewayDeclines}, carrier refuses ${carrierRefusals} times`,
  );
  return [
    `${protocol}, seed ${seed}: ${broken}`,
    `  ${pieces} pieces, ${balanceCents / 100} kettles' worth of money, ${slots} slots`,
    ...shown,
    ...story.map((line, index) => `  ${String(index + 1).padStart(3)}. ${line}`),
    `again: npm run simulate -- --protocol ${protocol} --seed ${seed}${mutant === null ? '' : ` --mutant "${mutant}"`}`,
  ].join('\n');
}
