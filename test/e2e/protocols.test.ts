import { beforeAll, expect, test } from 'vitest';
import { badInput } from './bad-input.js';
import { judging } from './judging.js';
import { choreographed } from './protocols/choreographed.js';
import { choreographyOperators, sagaOperators } from './protocols/operators.js';
import { tryConfirmCancel } from './protocols/try-confirm-cancel.js';
import { twoPhase } from './protocols/two-phase.js';
import { anOrder, byCard, openShop } from './shop.js';

/*
 * What each protocol shows of itself, in one shop; what all of them come to is in test/conformance. The deadline is
 * short, so that it can be waited for; what is refused twice is given up, and an order that nothing is heard of is
 * noticed soon. The deadline comes before who has prepared and hears nothing asks. Who holds a try asks soon after it: an operator
 * may have declared its confirm done.
 */
const orderTimeoutMs = 5_000;
const shop = await openShop({
  environment: () => ({
    ORDER_TIMEOUT_MS: String(orderTimeoutMs),
    PARK_AFTER_ATTEMPTS: '2',
    QUIET_MS: '1500',
    BRANCH_ASK_AFTER_MS: '10000',
    HOLD_MS: '7000',
  }),
});

beforeAll(async () => {
  const articles = Array.from({ length: 10 }, (_, number) => `article-${number}`);
  await Promise.all([
    ...['kettle', ...articles].map(sku => shop.deliver(sku, 1_000)),
    ...Array.from({ length: 40 }, (_, number) => shop.deposit(`customer-${number}`, 10_000)),
    shop.deposit('alice', 1_000_000),
    shop.deposit('bob', 10),
    shop.addSlots('north', 1_000),
  ]);
});

choreographyOperators(shop);
sagaOperators(shop);

tryConfirmCancel(shop);
choreographed(shop);

/** The bank fails for them until their deadline has passed: that is waited for while those are tried that pay from a wallet. */
const late: Record<string, string> = {};
test('orders are placed that the bank does not answer for until their deadline', async () => {
  await shop.programme('card-gateway', { match: { token: 'tok_late' }, answer: 'error' });
  for (const protocol of ['orchestrated', 'choreographed', 'tcc'] as const)
    late[protocol] = await shop.place(anOrder({ protocol, ...byCard('tok_late') }));
});

twoPhase(shop);

test('who was answered after the deadline is cancelled', async () => {
  await shop.programme('card-gateway');
  for (const [protocol, id] of Object.entries(late))
    expect(await shop.ended(id)).toMatchObject({ protocol, status: 'CANCELLED', reason: 'DEADLINE' });
});

// After all of this every invariant holds.
judging(shop);
badInput(shop);
