import { type Answer, type BranchPage, type BranchView, type Order } from '@ballast/contracts';
import { placeOrderTwoPhase } from '@ballast/place-order';
import { v7 as uuid } from 'uuid';
import { command, until } from '@ballast/testkit';
import { expect, test } from 'vitest';
import { done, inventoryForTest } from './running-inventory.fixture.js';

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

test('a branch is rolled back, and the goods are for others', async () => {
  await inventory.deliver('teapot', 1);
  const [first, second] = [uuid(), uuid()];
  expect(await inventory.ask(first, prepare(order('teapot')))).toEqual(yes);
  expect(await inventory.ask(first, abort)).toEqual(yes);
  expect(await quantities('teapot')).toEqual({ available: 1, reserved: 0, shipped: 0 });
  expect(await inventory.ask(second, prepare(order('teapot')))).toEqual(yes);
  expect(await inventory.ask(second, commit)).toEqual(yes);
  expect(await quantities('teapot')).toEqual({ available: 0, reserved: 0, shipped: 1 });
});

test('what the domain rejects is a no, and nothing is prepared', async () => {
  const id = uuid();
  expect(await inventory.ask(id, prepare(order('unobtainable')))).toMatchObject(no('UNKNOWN_SKU'));
  expect(await prepared()).toEqual([]);
  expect(await inventory.ask(id, prepare(order('unobtainable')))).toMatchObject(no('UNKNOWN_SKU'));
});

test('every message that comes twice, or again, has the same answer and no second effect', async () => {
  await inventory.deliver('cup', 5);
  const id = uuid();
  const messages = { first: command(id, prepare(order('cup'))), last: command(id, commit) };
  await inventory.send(messages.first, messages.first, command(id, prepare(order('cup'))));
  await until(async () => ((await inventory.answers()).get(id)?.length ?? 0) >= 1);
  expect(await inventory.ask(id, prepare(order('cup')))).toEqual(yes);
  await inventory.send(messages.last, messages.last);
  await until(async () => (await quantities('cup')).shipped === 1);
  expect(await inventory.ask(id, commit)).toEqual(yes);
  expect(await inventory.ask(id, prepare(order('cup')))).toEqual(yes);
  expect(await quantities('cup')).toEqual({ available: 4, reserved: 0, shipped: 1 });
  for (const answer of (await inventory.answers()).get(id)!) expect(answer).toEqual(yes);
});

test('a rollback that comes before its prepare refuses it for good', async () => {
  await inventory.deliver('spoon', 5);
  const id = uuid();
  expect(await inventory.ask(id, abort)).toEqual(yes);
  expect(await inventory.ask(id, prepare(order('spoon')))).toEqual({ outcome: 'aborted' });
  expect(await inventory.ask(id, abort)).toEqual(yes);
  expect(await quantities('spoon')).toEqual({ available: 5, reserved: 0, shipped: 0 });
});

test('a prepare and its rollback in one batch leave nothing behind', async () => {
  await inventory.deliver('fork', 5);
  const ids = Array.from({ length: 10 }, () => uuid());
  await inventory.send(...ids.flatMap(id => [command(id, prepare(order('fork'))), command(id, abort)]));
  for (const id of ids) {
    await until(async () => ((await inventory.answers()).get(id)?.length ?? 0) > 0);
    expect(await inventory.ask(id, prepare(order('fork')))).toEqual({ outcome: 'aborted' });
  }
  expect(await quantities('fork')).toEqual({ available: 5, reserved: 0, shipped: 0 });
  expect(await prepared()).toEqual([]);
});

test('past its deadline nothing is prepared', async () => {
  const id = uuid();
  const late = {
    ...command(id, prepare(order('cup'))),
    deadline: new Date(Date.now() - 1_000).toISOString(),
  };
  await inventory.send(late);
  expect((await inventory.answersTo(id, 1))[0]).toMatchObject(no('DEADLINE'));
});

test('who waits too long for what another has prepared votes no; sagas wait, and hold up nobody', async () => {
  await inventory.deliver('vase', 5);
  await inventory.deliver('bowl', 5);
  const [holder, waiter, saga, bystander] = [uuid(), uuid(), uuid(), uuid()];
  const reserve = (sku: string) => ({
    type: 'inventory.reserve',
    data: { lines: [{ sku, quantity: 1 }] },
  });
  expect(await inventory.ask(holder, prepare(order('vase')))).toEqual(yes);
  await inventory.send(command(saga, reserve('vase')));
  expect(await inventory.ask(waiter, prepare(order('vase')))).toMatchObject(no('TIMEOUT'));
  expect(await inventory.ask(bystander, reserve('bowl'))).toMatchObject({ outcome: 'done' });
  expect((await inventory.answers()).has(saga)).toBe(false);
  expect(await inventory.ask(holder, commit)).toEqual(yes);
  expect(await inventory.answersTo(saga, 1)).toMatchObject([{ outcome: 'done' }]);
  expect(await quantities('vase')).toEqual({ available: 3, reserved: 1, shipped: 1 });
});

test('a branch that hears nothing asks for the decision, and shows what it locks meanwhile', async () => {
  await inventory.deliver('plate', 5);
  const id = uuid();
  expect(await inventory.ask(id, prepare(order('plate')))).toEqual(yes);
  await until(async () => (await inventory.asked()).some(({ subject }) => subject === id));
  const question = (await inventory.asked()).find(({ subject }) => subject === id)!;
  expect(question).toMatchObject({
    type: 'orchestrator.ask',
    data: { branch: 'inventory', definition: placeOrderTwoPhase.name },
  });
  const { branches } = await inventory.get<BranchPage>('/operations/branches');
  expect(branches).toMatchObject([
    {
      orderId: id,
      state: 'prepared',
      keys: ['plate'],
      prepared: { gid: `inventory:${id}@${inventory.database.name}` },
      alarm: null,
      decision: null,
    },
  ]);
  expect(branches[0]!.prepared!.ageSeconds).toBeGreaterThan(1);
  expect(branches[0]!.prepared!.locks).toEqual(
    expect.arrayContaining(['stock RowExclusiveLock', 'branch_marker RowExclusiveLock']),
  );
  const health = async () => JSON.stringify(await inventory.get('/health/ready'));
  await expect.poll(health).toContain('"prepared":1');
  expect(await inventory.ask(id, abort)).toEqual(yes);
  expect(await inventory.get<BranchPage>('/operations/branches')).toMatchObject({ branches: [] });
});

test('what is not about the branch is refused for now while it is open, and the lane goes on', async () => {
  const id = uuid();
  expect(await inventory.ask(id, prepare(order('cup')))).toEqual(yes);
  expect(await inventory.ask(id, { type: 'inventory.commit', data: {} })).toMatchObject({
    outcome: 'refused',
    code: 'BRANCH_OPEN',
  });
  expect(await inventory.ask(id, abort)).toEqual(yes);
});

test('a prepared branch outlives its process, and is ended by the next', async () => {
  await inventory.deliver('jug', 5);
  const [one, two] = [uuid(), uuid()];
  expect(await inventory.ask(one, prepare(order('jug')))).toEqual(yes);
  await inventory.restart();
  expect(await inventory.ask(one, commit)).toEqual(yes);
  expect(await inventory.ask(two, prepare(order('jug')))).toEqual(yes);
  await inventory.addReplica();
  expect(await inventory.ask(two, commit)).toEqual(yes);
  expect(await quantities('jug')).toEqual({ available: 3, reserved: 0, shipped: 2 });
  expect(await prepared()).toEqual([]);
});

test('an operator ends a branch in doubt; the coordinator’s other decision is an alarm that stays', async () => {
  await inventory.deliver('lamp', 5);
  const id = uuid();
  const url = `/operations/branches/${id}`;
  const wanted = { outcome: 'rollback', operator: 'kim', reason: 'the coordinator is gone' };
  expect((await inventory.post(`${url}/resolve`, wanted)).json()).toMatchObject({ code: 'BRANCH_NOT_FOUND' });
  expect(await inventory.ask(id, prepare(order('lamp')))).toEqual(yes);
  expect((await inventory.post(`${url}/resolve`, wanted)).json()).toMatchObject({
    code: 'BRANCH_NEEDS_FORCE',
  });
  expect((await inventory.post(`${url}/resolve`, { ...wanted, force: true })).statusCode).toBe(202);
  await until(async () => (await inventory.get<BranchView>(url)).state === 'rolled-back');
  expect(await inventory.get<BranchView>(url)).toMatchObject({
    prepared: null,
    decision: { outcome: 'rollback', operator: 'kim', cameTooLate: false, contradictedAt: null },
  });
  const other = { ...wanted, outcome: 'commit', force: true };
  expect((await inventory.post(`${url}/resolve`, other)).json()).toMatchObject({
    code: 'BRANCH_NOT_IN_DOUBT',
  });

  expect(await inventory.ask(id, commit)).toMatchObject({ outcome: 'refused', code: 'ROLLED_BACK' });
  const branch = await inventory.get<BranchView>(url);
  expect(branch).toMatchObject({ state: 'rolled-back', alarm: { kind: 'DECISION_CONTRADICTED' } });
  expect(branch.decision!.contradictedAt).not.toBeNull();
  const { branches } = await inventory.get<BranchPage>('/operations/branches');
  expect(branches.map(({ orderId }) => orderId)).toEqual([id]);
  expect(await quantities('lamp')).toEqual({ available: 5, reserved: 0, shipped: 0 });
});

test('the same decision of the coordinator agrees with the operator’s', async () => {
  await inventory.deliver('clock', 5);
  const id = uuid();
  expect(await inventory.ask(id, prepare(order('clock')))).toEqual(yes);
  const url = `/operations/branches/${id}`;
  const wanted = { outcome: 'commit', operator: 'kim', reason: 'the others have committed', force: true };
  await inventory.post(`${url}/resolve`, wanted);
  await until(async () => (await inventory.get<BranchView>(url)).state === 'committed');
  expect(await inventory.ask(id, commit)).toEqual(yes);
  expect(await inventory.get<BranchView>(url)).toMatchObject({
    alarm: null,
    decision: { contradictedAt: null, cameTooLate: false },
  });
});
