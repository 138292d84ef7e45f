import { Protocol } from '@ballast/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { crashAt, crashEnvironment, type CrashPoint } from '../chaos/crash-points.js';
import { Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { dependencies } from './failures/dependencies.js';
import { exactlyOnce } from './failures/exactly-once.js';
import { impatience, inDoubt } from './failures/in-doubt.js';
import { outages, unsentMax } from './failures/outages.js';
import { openShop } from './shop.js';

const shop = await openShop({
  // PostgreSQL is killed too: what is prepared has to be on the disk.
  durable: true,
  environment: directory => ({
    ...crashEnvironment(directory),
    ...impatience,
    UNSENT_ORDERS_MAX: String(unsentMax),
    // However long a server is away, or a busy machine takes to start a process again: no order gives up meanwhile.
    ORDER_TIMEOUT_MS: '120000',
  }),
});
const { stack } = shop;
const ofAll = new Customer(stack, Protocol.options);
const ofSagas = new Customer(stack);
afterAll(() => Promise.all([ofAll.close(), ofSagas.close()]));
beforeAll(() => fillShop(stack));

exactlyOnce(shop);
inDoubt(shop);

// The whole matrix is `npm run test:crash`. Two die at a time, while the same orders flow.
test.each<{ one: CrashPoint; other: CrashPoint }>([
  {
    one: { service: 'orchestrator', moment: 'pass committed', nth: 4 },
    other: { service: 'payment', moment: 'pass decided', nth: 3 },
  },
  {
    one: { service: 'order', moment: 'branch prepared', nth: 3 },
    other: { service: 'shipping', moment: 'branch prepared', nth: 3 },
  },
  {
    one: { service: 'order', moment: 'request committed', nth: 1 },
    other: { service: 'inventory', moment: 'branch ended', nth: 3 },
  },
  {
    one: { service: 'orchestrator', moment: 'lanes taken over', nth: 1 },
    other: { service: 'payment', moment: 'call answered', nth: 3 },
  },
])(
  '$one.service dies at "$one.moment", and $other.service at "$other.moment": every order ends',
  async ({ one, other }) => {
    const crashes = await Promise.all([one, other].map(point => crashAt(stack, ofAll, point, 40)));
    await ofAll.awaitEnds(crashes.flatMap(({ orderIds }) => orderIds));
  },
);

outages(shop, ofSagas);
dependencies(shop, ofSagas);

test('after all these failures every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, {
    acknowledged: [...shop.acknowledged, ...ofAll.acknowledged, ...ofSagas.acknowledged],
    faults: 24,
  });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});
