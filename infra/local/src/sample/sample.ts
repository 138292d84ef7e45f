import type { Stack } from '../stack.js';
import { sampleCases, sampleProtocols, sampleShop } from './cases.js';
import { judge, readAccounts, type Invariant } from './invariants.js';
import { placeSample, type SampleOutcome } from './place.js';
import { seed } from './seed.js';

export interface SampleResult {
  readonly outcomes: readonly SampleOutcome[];
  readonly invariants: readonly Invariant[];
}

/** Seeds the shop, places every sample order at once, waits for their ends and checks the books. */
export async function placeSampleOrders(stack: Stack): Promise<SampleResult> {
  const now = new Date();
  const shop = sampleShop(now.getTime().toString(36), now);
  await seed(stack, shop);
  const samples = sampleProtocols.flatMap(protocol => sampleCases(shop, protocol));
  const outcomes = await Promise.all(samples.map(sample => placeSample(stack, sample)));
  return { outcomes, invariants: judge(outcomes, await readAccounts(stack, shop, outcomes)) };
}
