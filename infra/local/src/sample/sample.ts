import type { Stack } from '../stack.js';
import { sampleCases, sampleProtocols, sampleShop } from './cases.js';
import { judge, readAccounts, type Invariant } from './invariants.js';
import { placeSample, type SampleOutcome } from './place.js';
import { seed } from './seed.js';

export interface SampleResult {
  readonly outcomes: readonly SampleOutcome[];
  readonly invariants: readonly Invariant[];
}

/** Seeds the shop, places the sample orders, waits for their ends and checks the books. */
export async function placeSampleOrders(stack: Stack): Promise<SampleResult> {
  const now = new Date();
  const shop = sampleShop(now.getTime().toString(36), now);
  await seed(stack, shop);
  const outcomes = await Promise.all(
    sampleProtocols.map(protocol => {
      const place = protocol === 'two-phase' ? oneByOne : together;
      return place(sampleCases(shop, protocol), sample => placeSample(stack, sample));
    }),
  ).then(placed => placed.flat());
  return { outcomes, invariants: judge(outcomes, await readAccounts(stack, shop, outcomes)) };
}

const together = <T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> =>
  Promise.all(items.map(work));

/** Prepared orders keep their goods locked: two that are after the same might wait for each other until one gives up. */
async function oneByOne<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const done: U[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}
