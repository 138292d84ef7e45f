import { expect, test } from 'vitest';
import { anOrder, byCard, type Shop } from '../shop.js';

const count = 200;
const customers = Array.from({ length: 10 }, (_, number) => `buyer-${number}`);

/** The orchestrator is killed with many orders under way; it expects slots of the carrier to be there. */
export function exactlyOnce(shop: Shop): void {
  test('the orchestrator is killed with 200 orders in flight: all end, none is charged or reserved twice', async () => {
    await shop.deliver('kettle', 10_000);
    for (const customer of customers) await shop.deposit(customer, 1_000_000);
    await shop.deposit('nobody', 1);
    const before = await books(shop);
    const placed = await placeMany(shop);
    const orchestrator = shop.stack.unit('orchestrator');
    await orchestrator.kill('SIGKILL');
    const open = (
      await Promise.all(placed.map(({ id }) => shop.request('GET', `${shop.orders}/${id}`)))
    ).filter(({ body }) => body.status === 'PENDING');
    // Otherwise the kill came too late to prove anything.
    expect(open.length).toBeGreaterThan(0);
    await orchestrator.start();
    await expectExactlyOnce(shop, placed, before);
  });
}

/** Places orders, two in five of which have to be undone, and says how each should end. */
function placeMany(shop: Shop) {
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const customerId = customers[number % customers.length]!;
      const kind = number % 5;
      const order =
        kind === 3
          ? anOrder({ customerId, address: { ...anOrder().address, zone: 'nowhere' } })
          : kind === 4
            ? anOrder({ customerId: 'nobody' })
            : anOrder({ customerId, ...(kind === 2 && byCard('tok_visa')) });
      const id = await shop.place(order, { 'idempotency-key': `orchestrator-${number}` });
      const reason = kind === 3 ? 'ADDRESS_NOT_SERVED' : kind === 4 ? 'INSUFFICIENT_FUNDS' : null;
      return { id, customerId: order.customerId, paid: reason === null && kind !== 2, reason };
    }),
  );
}

type Placed = Awaited<ReturnType<typeof placeMany>>;

/** Every order has ended as it should, and nothing was reserved, charged or shipped twice, or lost. */
async function expectExactlyOnce(shop: Shop, placed: Placed, before: Awaited<ReturnType<typeof books>>) {
  const ended = await Promise.all(placed.map(({ id }) => shop.ended(id)));
  expect(ended.map(({ status, reason }) => ({ status, reason }))).toEqual(
    placed.map(({ reason }) => ({ status: reason === null ? 'COMPLETED' : 'CANCELLED', reason })),
  );
  const completed = placed.filter(({ reason }) => reason === null).length;
  const after = await books(shop);
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

async function books(shop: Shop) {
  return {
    stock: await shop.stock('kettle'),
    balances: await Promise.all(customers.map(customer => shop.balance(customer))),
    ledger: await shop.ledger(),
  };
}
