import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import { expect, test } from 'vitest';
import { abort, cinemaForTest, commit, prepare, told } from './replicas.fixture.js';

const cinema = await cinemaForTest();

/** Somebody who holds the seat's row until he lets go. */
async function holding(seat: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: cinema.database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM seat WHERE seat = $1 FOR UPDATE', [seat]);
  return async () => {
    await client.query('ROLLBACK');
    await client.end();
  };
}

/** How many transactions are at the marker of some branch, or at its work. */
const atWork = async () =>
  (
    await cinema.database.rows(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'preparing' AND state <> 'idle'",
    )
  ).length;

test('who has lost the lane while he waited for a lock prepares nothing; the new owner does', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const letGo = await holding(seat);
  const zombie = await cinema.replica();
  await zombie.pass(prepare(order, seat));
  await expect.poll(atWork).toBeGreaterThan(0);
  // It does not know: nothing tells it.
  const owner = await cinema.replica();
  await owner.report(order); // it looked
  await letGo();
  expect(told(await owner.report(order))).toEqual(['prepare 1: done']);
  expect(await cinema.prepared()).toEqual([cinema.gidOf(order)]);
  // It has nothing to say, or is not heard.
  await expect(zombie.report(order, 1_000)).rejects.toThrow();
  await owner.pass(commit(order));
  expect(told(await owner.report(order))).toEqual(['commit 1: done']);
  expect(await cinema.takenBy(seat)).toBe(order);
});

test('what a zombie prepares all the same is found by the rollback, and can never come again', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const letGo = await holding(seat);
  const zombie = await cinema.replica();
  await zombie.pass(prepare(order, seat));
  await expect.poll(atWork).toBeGreaterThan(0);
  const owner = await cinema.replica();
  await owner.pass(abort(order));
  await letGo();
  expect(await owner.answers(order)).toEqual(['abort 1: done']);
  await sleep(600);
  expect(await cinema.prepared()).toEqual([]);
  expect(await cinema.marker(order)).toBe('blocked');
  expect(await cinema.takenBy(seat)).toBeNull();
  await expect(zombie.pass(prepare(order, seat, 2))).rejects.toThrow('fenced');
});

test('two owners of a lane, one after the other, prepare a branch once however their work overlaps', async () => {
  for (let round = 0; round < 15; round++) {
    const [order, seat] = [uuid(), await cinema.seat()];
    const first = await cinema.replica();
    await first.pass(prepare(order, seat));
    await sleep(round);
    const second = await cinema.replica();
    expect(await second.answers(order)).toEqual(['prepare 1: done']);
    expect(await cinema.prepared()).toEqual([cinema.gidOf(order)]);
    const outcome = round % 2 === 0 ? commit(order) : abort(order);
    await second.pass(outcome);
    await second.report(order);
    expect(await cinema.prepared()).toEqual([]);
    expect(await cinema.takenBy(seat)).toBe(round % 2 === 0 ? order : null);
    await first.close();
    await second.close();
  }
});

test('a lock that is not to be had in time is a no, and nothing is prepared', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const letGo = await holding(seat);
  const replica = await cinema.replica(1_500);
  await replica.pass(prepare(order, seat));
  expect(told(await replica.report(order))).toEqual(['prepare 1: TIMEOUT']);
  await letGo();
  expect(await cinema.prepared()).toEqual([]);
  expect(told(await replica.pass(prepare(order, seat, 2)))).toEqual(['prepare 2: TIMEOUT']);
});

test('an abort does not wait for the work that it gives up', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const letGo = await holding(seat);
  const replica = await cinema.replica();
  await replica.pass(prepare(order, seat));
  await replica.pass(abort(order));
  expect(told(await replica.report(order))).toEqual(['abort 1: done']);
  expect(await cinema.marker(order)).toBe('blocked');
  await letGo();
});

test('a bug in the work is a no, and no branch stays open', async () => {
  const order = uuid();
  const replica = await cinema.replica();
  await replica.pass(prepare(order, 'broken'));
  expect(told(await replica.report(order))).toEqual(['prepare 1: TIMEOUT']);
  expect(await cinema.state(order)).toBe('rolled-back');
});

test('a session that dies while it prepares is tried again, or found', async () => {
  const [order, seat] = [uuid(), await cinema.seat()];
  const letGo = await holding(seat);
  const replica = await cinema.replica();
  await replica.pass(prepare(order, seat));
  await expect.poll(atWork).toBeGreaterThan(0);
  await cinema.database.rows(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'preparing'",
  );
  await letGo();
  expect(told(await replica.report(order))).toEqual(['prepare 1: done']);
  await replica.pass(commit(order));
  await replica.report(order);
  expect(await cinema.takenBy(seat)).toBe(order);
});

test('messages of a definition that is not known here are at fault themselves', async () => {
  const replica = await cinema.replica();
  const message = prepare(uuid(), 'x');
  const unknown = { ...message, data: { definition: 'morning', version: 1, input: {} } };
  await expect(replica.pass(unknown)).rejects.toThrow('morning 1 is not known here: evening 1');
});
