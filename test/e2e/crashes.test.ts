import { Protocol } from '@ballast/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { crashAt, crashEnvironment, type CrashPoint } from '../chaos/crash-points.js';
import { Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { anOrder, openShop } from './shop.js';

/** However long a busy machine takes to start a process again: no order gives up meanwhile. */
const shop = await openShop({
  environment: directory => ({ ...crashEnvironment(directory), ORDER_TIMEOUT_MS: '120000' }),
});
const { stack } = shop;
const customer = new Customer(stack, Protocol.options);
afterAll(() => customer.close());

const count = 200;
const customers = Array.from({ length: 10 }, (_, number) => `buyer-${number}`);
const depositCents = 1_000_000;
const acknowledged: string[] = [];
let crashCount = 0;

beforeAll(async () => {
  // Slots, too.
  await fillShop(stack);
  await shop.deliver('kettle', 10_000);
  for (const buyer of customers) await shop.deposit(buyer, depositCents);
  await shop.deposit('nobody', 1);
});

/** Places orders, two in five of which have to be undone, and says how each should end. */
async function placeMany() {
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const customerId = customers[number % customers.length]!;
      const kind = number % 5;
      const order =
        kind === 3
          ? anOrder({ customerId, address: { ...anOrder().address, zone: 'nowhere' } })
          : kind === 4
            ? anOrder({ customerId: 'nobody' })
            : anOrder({
                customerId,
                ...(kind === 2 && { payment: { kind: 'card', token: 'tok_visa' } as const }),
              });
      const id = await shop.place(order, { 'idempotency-key': `orchestrator-${number}` });
      acknowledged.push(id);
      const reason = kind === 3 ? 'ADDRESS_NOT_SERVED' : kind === 4 ? 'INSUFFICIENT_FUNDS' : null;
      return { id, customerId: order.customerId, paid: reason === null && kind !== 2, reason };
    }),
  );
}

type Placed = Awaited<ReturnType<typeof placeMany>>;

/** Every order has ended as it should, and nothing was reserved, charged or shipped twice, or lost. */
async function expectExactlyOnce(placed: Placed, before: Awaited<ReturnType<typeof books>>) {
  const ended = await Promise.all(placed.map(({ id }) => shop.ended(id)));
  expect(ended.map(({ status, reason }) => ({ status, reason }))).toEqual(
    placed.map(({ reason }) => ({ status: reason === null ? 'COMPLETED' : 'CANCELLED', reason })),
  );
  const completed = placed.filter(({ reason }) => reason === null).length;
  const after = await books();
  expect(after.stock).toEqual({
    ...after.stock,
    available: before.stock.available - completed,
    reserved: 0,
    shipped: before.stock.shipped + completed,
  });
  customers.forEach((customer, index) => {
    const spent = placed.filter(({ customerId, paid }) => paid && customerId === customer).length * 1_000;
    expect(after.balances[index]).toBe(before.balances[index]! - spent);
  });
  expect(after.ledger.sumCents).toBe(0);
  const balance = (account: string) =>
    after.ledger.accounts.find(found => found.account === account)!.balanceCents;
  expect(balance('escrow')).toBe(0);
  expect(after.ledger.walletsCents).toBe(balance('customers'));
}

async function books() {
  return {
    stock: await shop.stock('kettle'),
    balances: await Promise.all(customers.map(customer => shop.balance(customer))),
    ledger: await shop.ledger(),
  };
}

test('the orchestrator is killed with 200 orders in flight: all end, none is charged or reserved twice', async () => {
  const before = await books();
  const placed = await placeMany();
  const orchestrator = stack.unit('orchestrator');
  await orchestrator.kill('SIGKILL');
  const open = (
    await Promise.all(placed.map(({ id }) => shop.request('GET', `${shop.orders}/${id}`)))
  ).filter(({ body }) => body.status === 'PENDING');
  // Otherwise the kill came too late to prove anything.
  expect(open.length).toBeGreaterThan(0);
  await orchestrator.start();
  crashCount++;
  await expectExactlyOnce(placed, before);
});

// The whole matrix is `npm run test:crash`. Two die at a time, while the same orders flow.
test.each<{ one: CrashPoint; other: CrashPoint }>([
  {
    one: { service: 'orchestrator', moment: 'pass committed', nth: 4 },
    other: { service: 'inventory', moment: 'branch ended', nth: 3 },
  },
  {
    one: { service: 'order', moment: 'request committed', nth: 1 },
    other: { service: 'payment', moment: 'call answered', nth: 3 },
  },
  {
    one: { service: 'orchestrator', moment: 'lanes taken over', nth: 1 },
    other: { service: 'shipping', moment: 'branch prepared', nth: 3 },
  },
  {
    one: { service: 'order', moment: 'branch prepared', nth: 3 },
    other: { service: 'payment', moment: 'pass decided', nth: 3 },
  },
])(
  '$one.service dies at "$one.moment", and $other.service at "$other.moment": every order ends',
  async ({ one, other }) => {
    const crashes = await Promise.all([one, other].map(point => crashAt(stack, customer, point, 40)));
    crashCount += crashes.length;
    await customer.awaitEnds(crashes.flatMap(({ orderIds }) => orderIds));
  },
);

test('after all these crashes every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, {
    acknowledged: [...acknowledged, ...customer.acknowledged],
    faults: crashCount,
    limits: { faultsMin: 9 },
  });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});
