import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import { expect, test } from 'vitest';
import { abort, cinemaForTest, commit, prepare, told } from './replicas.fixture.js';

const cinema = await cinemaForTest();

/** A replica that has prepared the order's branch, and has said so to nobody. */
async function preparedUntold(orderId: string, seat: string) {
  const replica = await cinema.replica();
  await replica.pass(prepare(orderId, seat));
  await expect.poll(() => cinema.prepared()).toContain(cinema.gidOf(orderId));
  return replica;
}

test('between the registration and PREPARE: the work is done by the next', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const first = await cinema.replica();
  const passing = first.pass(prepare(order, seat));
  first.die();
  await passing;
  expect(await cinema.state(order)).toBe('registered');
  const second = await cinema.replica();
  await second.report(order); // it looked, and nothing was prepared
  expect(told(await second.report(order))).toEqual(['prepare 1: done']);
  expect(await cinema.prepared()).toContain(cinema.gidOf(order));
  await second.pass(commit(order));
  expect(told(await second.report(order))).toEqual(['commit 1: done']);
  expect(await cinema.takenBy(seat)).toBe(order);
});

test('what is prepared has locked nothing of the lanes', async () => {
  const order = uuid();
  const replica = await preparedUntold(order, await cinema.seat());
  const locks = (await replica.book.find(order))?.prepared?.locks;
  expect(locks).toContain('branch_marker RowExclusiveLock');
  expect(locks?.filter(lock => lock.startsWith('lane'))).toEqual([]);
});

test('between PREPARE and the vote: the next one finds it, and votes', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  (await preparedUntold(order, seat)).die();
  const second = await cinema.replica();
  expect(told(await second.report(order))).toEqual(['prepare 1: done']);
  await second.pass(commit(order));
  await second.report(order);
  expect(await cinema.takenBy(seat)).toBe(order);
});

test('between the decision and COMMIT PREPARED: the next one commits', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const first = await preparedUntold(order, seat);
  await first.report(order);
  const passing = first.pass(commit(order));
  first.die();
  await passing;
  expect(await cinema.state(order)).toBe('committing');
  const second = await cinema.replica();
  await second.report(order);
  expect(told(await second.report(order))).toEqual(['commit 1: done']);
  expect(await cinema.takenBy(seat)).toBe(order);
  expect(await cinema.marker(order)).toBe('committed');
});

test('between COMMIT PREPARED and its record: the marker says that it is done', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const first = await preparedUntold(order, seat);
  await first.report(order);
  await first.pass(commit(order));
  await expect.poll(() => cinema.prepared()).not.toContain(cinema.gidOf(order));
  first.die();
  const second = await cinema.replica();
  await second.report(order);
  expect(told(await second.report(order))).toEqual(['commit 1: done']);
  expect(await cinema.state(order)).toBe('committed');
});

test('between ROLLBACK PREPARED and its record: it is rolled back once more, and answered', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const first = await preparedUntold(order, seat);
  await first.report(order);
  await first.pass(abort(order));
  await expect.poll(() => cinema.prepared()).not.toContain(cinema.gidOf(order));
  first.die();
  const second = await cinema.replica();
  await second.report(order);
  expect(told(await second.report(order))).toEqual(['abort 1: done']);
  expect(await cinema.takenBy(seat)).toBeNull();
  expect(await cinema.marker(order)).toBe('blocked');
});

test('a prepared branch asks when its time has come, whoever has it then, and not before', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const first = await preparedUntold(order, seat);
  const { timers } = await first.report(order);
  expect(timers).toMatchObject([{ orderId: order }]);
  expect(timers[0]!.at!.getTime()).toBeGreaterThan(Date.now());
  first.die();
  const second = await cinema.replica();
  const early = await second.timer(order);
  expect(told(early)).toEqual([]);
  expect(early.timers).toEqual(timers);
  await cinema.database.rows(`UPDATE branch SET detail = '{"askAt": 1, "asked": 0}' WHERE order_id = $1`, [
    order,
  ]);
  expect(told(await second.timer(order))).toEqual(['ask']);
  await second.pass(abort(order));
  await second.report(order);
});

test('finished by hand without a marker: told to commit, it raises an alarm, and refuses', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const replica = await preparedUntold(order, seat);
  await replica.report(order);
  await cinema.database.rows(`ROLLBACK PREPARED '${cinema.gidOf(order)}'`);
  await replica.pass(commit(order));
  expect(told(await replica.report(order))).toEqual(['commit 1: ROLLED_BACK']);
  const [row] = await cinema.database.rows('SELECT alarm FROM branch WHERE order_id = $1', [order]);
  expect(row).toEqual({ alarm: 'DECISION_CONTRADICTED' });
});

test('finished by hand with the marker: told to roll back, it raises an alarm, and refuses', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const replica = await preparedUntold(order, seat);
  await replica.report(order);
  await cinema.database.rows(`COMMIT PREPARED '${cinema.gidOf(order)}'`);
  await replica.pass(abort(order));
  expect(told(await replica.report(order))).toEqual(['abort 1: COMMITTED']);
});

test('a prepared transaction that no branch explains is found, raises an alarm, and asks', async () => {
  const order = uuid();
  await cinema.database.rows(
    `BEGIN; INSERT INTO visit VALUES ('${order}', 'x'); PREPARE TRANSACTION '${cinema.gidOf(order)}'`,
  );
  const replica = await cinema.replica();
  replica.lookOut.start();
  expect(await replica.answers(order)).toEqual(['ask']);
  expect(await cinema.state(order)).toBe('prepared');
  await replica.pass(abort(order));
  const answer = await replica.tells(order);
  expect(told(answer)).toEqual(['abort 1: done']);
  // As the coordinator asked: it takes no answer about a branch that does not say which.
  expect(answer.send[0]?.message.step).toBe('cinema');
  expect(await cinema.prepared()).not.toContain(cinema.gidOf(order));
});

test('what others have prepared under names nearly like ours is theirs: not asked about, not listed, not ended', async () => {
  const database = new URL(cinema.database.url).pathname.slice(1);
  const names = ['', 'backup-2026', `${uuid()}@x`, uuid().toUpperCase()].map(
    id => `cinema:${id}@${database}`,
  );
  const strange = [...names, `cinema:${uuid()}@elsewhere`];
  for (const gid of strange)
    await cinema.database.rows(
      `BEGIN; INSERT INTO visit VALUES ('${uuid()}', 'x'); PREPARE TRANSACTION '${gid}'`,
    );
  const replica = await cinema.replica();
  replica.lookOut.start();
  await sleep(300);
  const asked = replica.submitted.map(({ orderId }) => orderId);
  expect(asked.filter(id => strange.some(gid => gid.startsWith(`cinema:${id}`)))).toEqual([]);
  const listed = (await replica.book.list('', 100)).map(({ prepared }) => prepared?.gid);
  expect(listed.filter(gid => gid !== undefined && strange.includes(gid))).toEqual([]);
  expect((await replica.book.sums()).prepared).toBe((await cinema.prepared()).length - strange.length);
  expect(await cinema.prepared()).toEqual(expect.arrayContaining(strange));
});

test('one that was left behind after a rollback is rolled back', async () => {
  const order = uuid();
  const replica = await cinema.replica();
  expect(told(await replica.pass(abort(order)))).toEqual(['abort 1: done']);
  await cinema.database.rows(
    `BEGIN; INSERT INTO visit VALUES ('${order}', 'x'); PREPARE TRANSACTION '${cinema.gidOf(order)}'`,
  );
  replica.lookOut.start();
  await replica.report(order);
  await expect.poll(() => cinema.prepared()).not.toContain(cinema.gidOf(order));
  const [row] = await cinema.database.rows('SELECT alarm FROM branch WHERE order_id = $1', [order]);
  expect(row).toEqual({ alarm: 'PREPARED_BUT_UNREGISTERED' });
});
