import { type LaneList, type LaneView, problems } from '@ballast/contracts';
import { LaneBook, LanesModule, truncateTopic } from '@ballast/messaging';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { expect, onTestFinished, test } from 'vitest';
import {
  aMessage,
  eventually,
  messagesFor,
  orderIn,
  type Replica,
  sameMessages,
  transportBench,
} from './replica.js';

const bench = await transportBench();
const { database, topics } = bench;

const kim = { operator: 'kim', reason: 'the volume is gone' };

test('a lane whose messages are lost stays paused and its process unready, until an operator accepts the loss', async () => {
  const { replica, lost, firstKept } = await aLoss(2);
  const api = await operators(replica);
  const waiting = aMessage({ subject: orderIn(2) });
  const fine = aMessage({ subject: orderIn(0) });
  await bench.send([waiting, fine]);
  await handles(replica, fine.id);
  await new Promise(resolve => setTimeout(resolve, 3_000)); // it is claimed again, and refused again
  expect(sameMessages(replica.handled)).not.toContain(waiting.id);
  expect(() => replica.server.check()).toThrow('messages are lost');
  expect(await api.lane(2)).toMatchObject({
    owner: expect.stringMatching(/\/\d+$/),
    refused: expect.stringContaining('messages are lost'),
    lastAction: null,
  });
  expect(await api.lane(0)).toMatchObject({ refused: null });

  const answer = await api.act(2, { action: 'accept-loss', ...kim });
  const moved = [{ topic: 'in.commands', from: lost, to: firstKept }];
  expect(answer).toMatchObject({
    status: 202,
    body: { lane: 2, lastAction: { action: 'accept-loss', ...kim, moved } },
  });
  await handles(replica, waiting.id);
  await eventually(
    () => replica.health(),
    ({ state, refused, lanes }) => state === 'running' && lanes === 4 && Object.keys(refused).length === 0,
  );
  expect(replica.server.check()).toBeDefined();
  expect(await api.lane(2)).toMatchObject({ refused: null });
  expect(
    await database.rows('SELECT lane, action, operator, reason, moved FROM lane_action WHERE lane = 2'),
  ).toEqual([{ lane: 2, action: 'accept-loss', ...kim, moved }]);
});

test('a loss is accepted at a process that does not own the lane, too', async () => {
  const { replica } = await aLoss(3);
  const other = await bench.start();
  await eventually(
    () => [replica, other].map(one => one.health()),
    healths => healths.every(({ lanes, refused }) => lanes + Object.keys(refused).length === 2),
  );
  const owner = 3 in replica.health().refused ? replica : other;
  const api = await operators(owner === replica ? other : replica);
  expect(await api.lane(3)).toMatchObject({ refused: null });
  expect(await api.act(3, { action: 'accept-loss', ...kim })).toMatchObject({ status: 202 });
  const next = aMessage({ subject: orderIn(3) });
  await bench.send([next]);
  await handles(owner, next.id);
});

test('a lane that is idle is read again from its beginning, and nothing is done twice', async () => {
  const replica = await bench.start();
  const api = await operators(replica);
  const messages = messagesFor(orderIn(1), 5);
  await bench.send(messages);
  await handles(replica, messages[4]!.id);
  const end = await eventually(
    () => api.lane(1),
    ({ positions }) => positions[0]!.nextOffset >= 5,
  );
  // One that the inbox does not know tells that the log was read.
  await database.rows('DELETE FROM inbox WHERE message_id = $1', [messages[1]!.id]);
  replica.handled.length = 0;
  const { status, body } = await api.act(1, { action: 'read-again', operator: 'lee', reason: 'to be sure' });
  expect(status).toBe(202);
  expect(body).toMatchObject({
    positions: [
      { topic: 'in.commands', nextOffset: 0 },
      { topic: 'in.replies', nextOffset: 0 },
    ],
    lastAction: { action: 'read-again', operator: 'lee' },
  });
  await handles(replica, messages[1]!.id);
  await eventually(
    () => api.lane(1),
    ({ positions }) => JSON.stringify(positions) === JSON.stringify(end.positions),
  );
  const next = aMessage({ subject: orderIn(1) });
  await bench.send([next]);
  await handles(replica, next.id);
  expect(sameMessages(replica.handled)).toEqual([messages[1]!.id, next.id]);
  expect(await database.rows('SELECT operator FROM lane_action WHERE lane = 1')).toEqual([
    { operator: 'lee' },
  ]);
});

test('a lane under load is read again, and every message is handled once', async () => {
  const replica = await bench.start();
  const api = await operators(replica);
  const messages = messagesFor(orderIn(0), 200);
  for (let from = 0; from < 200; from += 20) {
    await bench.send(messages.slice(from, from + 20));
    if (from === 100)
      expect(await api.act(0, { action: 'read-again', ...kim })).toMatchObject({ status: 202 });
  }
  await handles(replica, messages[199]!.id);
  const ids = messages.map(({ id }) => id);
  expect(sameMessages(replica.handled).filter(id => ids.includes(id))).toEqual(ids);
});

test('what does not fit the lane is refused, and nothing is written down', async () => {
  const { replica } = await aLoss(0);
  const api = await operators(replica);
  const before = await database.rows('SELECT FROM lane_action');
  const epochs = () => database.rows('SELECT epoch FROM lane WHERE lane = 1');
  const epoch = await epochs();
  expect(await api.act(1, { action: 'accept-loss', ...kim })).toMatchObject({
    status: 409,
    body: { code: 'LANE_ACTION_REFUSED', detail: expect.stringContaining('nothing is lost') },
  });
  expect(await epochs()).toEqual(epoch);
  expect(await api.act(0, { action: 'read-again', ...kim })).toMatchObject({
    status: 409,
    body: { code: 'LANE_ACTION_REFUSED', detail: expect.stringMatching(/in.commands from \d+ to \d+/) },
  });
  for (const lane of [4, -1, 'x', '1e0'])
    expect(await api.act(lane, { action: 'accept-loss', ...kim })).toMatchObject({
      status: 404,
      body: { code: 'LANE_NOT_FOUND' },
    });
  expect(await api.act(0, { action: 'accept-loss', operator: ' ', reason: 'x' })).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED' },
  });
  expect(await database.rows('SELECT FROM lane_action')).toHaveLength(before.length);
  expect(await api.act(0, { action: 'accept-loss', ...kim })).toMatchObject({ status: 202 });
  expect(await api.act(0, { action: 'accept-loss', ...kim })).toMatchObject({ status: 409 });
});

/** A replica that has met a lane of which messages are lost: handled, and gone with two more that were not. */
async function aLoss(lane: number) {
  const first = await bench.start();
  const handled = messagesFor(orderIn(lane), 3);
  await bench.send(handled);
  await handles(first, handled[2]!.id);
  await first.stop();
  await bench.send(messagesFor(orderIn(lane), 3));
  const [position] = await database.rows<{ next: string }>(
    "SELECT next_offset AS next FROM lane_position WHERE lane = $1 AND topic = 'in.commands'",
    [lane],
  );
  const lost = Number(position!.next);
  await truncateTopic(topics.brokers, `${topics.prefix}in.commands`, { partition: lane, offset: lost + 2 });
  const replica = await bench.start();
  await eventually(
    () => replica.health().refused,
    refused => lane in refused,
  );
  return { replica, lost, firstKept: lost + 2 };
}

/** What a process gives to operators. */
async function operators({ server }: Replica) {
  const pool = openPool({ url: database.url, applicationName: 'operations', max: 2 });
  const app = await buildApplication({
    name: 'in',
    module: LanesModule.register(new LaneBook(pool, server)),
    logger: createLogger({ name: 'in', level: 'silent' }),
    problems,
  });
  onTestFinished(async () => {
    await app.close();
    await pool.end();
  });
  return {
    async lane(number: number): Promise<LaneView> {
      const answer = await app.inject({ method: 'GET', url: '/operations/lanes' });
      return answer.json<LaneList>().lanes.find(({ lane }) => lane === number)!;
    },
    async act(lane: number | string, body: object) {
      const answer = await app.inject({
        method: 'POST',
        url: `/operations/lanes/${lane}/actions`,
        headers: { 'content-type': 'application/json' },
        payload: JSON.stringify(body),
      });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    },
  };
}

const handles = (replica: Replica, id: string) =>
  eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(id),
  );
