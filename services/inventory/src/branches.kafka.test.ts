import { type Answer, type BranchPage, type BranchView, type Order } from '@ballast/contracts';
import { placeOrderTwoPhase } from '@ballast/place-order';
import { v7 as uuid } from 'uuid';
import { expect, test } from 'vitest';
import { command, done, inventoryForTest, until } from './running-inventory.fixture.js';

const inventory = await inventoryForTest({ BRANCH_ASK_AFTER_MS: '1000' });
const [, branch] = placeOrderTwoPhase.branches;
if (branch?.name !== 'inventory') throw new Error('the second branch is not the inventory’s');

const order = (sku: string, quantity = 1): Order => ({
  customerId: 'alice',
  lines: [{ sku, quantity, unitPriceCents: 100 }],
  amountCents: 100 * quantity,
  payment: { kind: 'wallet' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
  shipOn: '2030-12-24',
});
const prepare = (input: Order) => ({
  type: branch.prepare.type,
  data: { definition: placeOrderTwoPhase.name, version: placeOrderTwoPhase.version, input },
});
const commit = { type: branch.commit.type, data: {} };
const abort = { type: branch.abort.type, data: {} };
const yes = done({});
const no = (code: string): Partial<Answer> => ({ outcome: 'rejected', code });
const quantities = async (sku: string) => {
  const { available, reserved, shipped } = await inventory.stockOf(sku);
  return { available, reserved, shipped };
};
const prepared = async () =>
  (
    await inventory.database.rows<{ gid: string }>(
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
    )
  ).map(({ gid }) => gid);

test('a branch is prepared, changes nothing that anybody sees, and is committed', async () => {
  await inventory.deliver('kettle', 10);
  const id = uuid();
  expect(await inventory.ask(id, prepare(order('kettle', 2)))).toEqual(yes);
  expect(await quantities('kettle')).toEqual({ available: 10, reserved: 0, shipped: 0 });
  expect(await prepared()).toEqual([`inventory:${id}@${inventory.database.name}`]);
  expect(await inventory.ask(id, commit)).toEqual(yes);
  expect(await quantities('kettle')).toEqual({ available: 8, reserved: 0, shipped: 2 });
  expect(await prepared()).toEqual([]);
  expect(await inventory.reservationOf(id)).toMatchObject({ status: 'SHIPPED' });
});
