import { createMessage, encode, readTopic, truncateTopic } from '@ballast/messaging';
import { openConnection } from '@ballast/platform';
import { beforeEach, expect, test } from 'vitest';
import {
  aMessage,
  eventually,
  laneFor,
  messagesFor,
  orderIn,
  sameMessages,
  transportBench,
} from './replica.js';

const bench = await transportBench();
const { database, topics } = bench;

beforeEach(async () => {
  await database.rows('TRUNCATE outbox, held, dead_letter');
});

const epochs = async () =>
  new Map(
    (await database.rows<{ lane: number; epoch: string }>('SELECT lane, epoch FROM lane')).map(
      ({ lane, epoch }) => [lane, Number(epoch)],
    ),
  );

test('no partition number is split between members: three replicas own whole lanes, all of them', async () => {
  const replicas = await Promise.all([bench.start(), bench.start(), bench.start()]);
  await eventually(
    () => replicas.map(replica => replica.health()),
    healths =>
      healths.every(({ state }) => state === 'running') &&
      healths.reduce((sum, { lanes }) => sum + lanes, 0) === 4,
  );
  const orders = Array.from({ length: 40 }, (_, index) => orderIn(index % 4));
  const commands = orders.map(subject => aMessage({ subject }));
  const replies = orders.map(subject => aMessage({ subject }));
  await bench.send(commands);
  await bench.send(replies, 'in.replies');
  await eventually(
    () => replicas.flatMap(({ handled }) => handled).length,
    count => count >= 80,
  );
  for (const replica of replicas) {
    const lanes = new Set(replica.handled.map(({ lane }) => lane));
    expect(lanes.size).toBeLessThanOrEqual(2);
    for (const other of replicas) {
      if (other !== replica) expect(other.handled.filter(({ lane }) => lanes.has(lane))).toEqual([]);
    }
  }
});

test('replicas that come and go handle every message once, and each order in its order', async () => {
  const orders = [0, 1, 2, 3, 0, 1, 2, 3].map(orderIn);
  const messages = orders.map(order => messagesFor(order, 60));
  const first = await bench.start();
  const sending = (async () => {
    for (let index = 0; index < 60; index += 4) {
      await bench.send(messages.flatMap(ofOrder => ofOrder.slice(index, index + 4)));
      await new Promise(resolve => setTimeout(resolve, 40));
    }
  })();
  const second = await bench.start();
  const third = await bench.start();
  await first.stop();
  await sending;
  const all = () => [first, second, third].flatMap(({ handled }) => handled);
  await eventually(
    () => all().length,
    count => count >= 480,
  );
  const ids = sameMessages(all());
  expect(new Set(ids).size).toBe(480);
  expect(ids).toHaveLength(480);
  // Within a replica the order of handling is known; between replicas the positions of the database decide.
  for (const replica of [first, second, third]) {
    for (const ofOrder of messages) {
      const wanted = ofOrder.map(({ id }) => id);
      const seen = sameMessages(replica.handled).filter(id => wanted.includes(id));
      expect(seen).toEqual(wanted.filter(id => seen.includes(id)));
    }
  }
});

test("a claim waits for the predecessor's open transaction, and sees what it committed", async () => {
  const order = orderIn(0);
  const [one, two] = messagesFor(order, 2);
  let release!: () => void;
  const gate = new Promise<void>(resolve => (release = resolve));
  const entered = { first: false };
  const answer = createMessage({
    at: new Date(),
    type: 'in.done',
    source: '/in',
    subject: order,
    data: 'from the predecessor',
  });
  const first = await bench.start(async () => {
    entered.first = true;
    await gate;
    return { send: [{ topic: 'out', message: answer }] };
  });
  await bench.send([one!]);
  await eventually(() => entered.first, Boolean);
  const before = (await epochs()).get(0)!;
  const second = await bench.start();
  await new Promise(resolve => setTimeout(resolve, 500));
  expect((await epochs()).get(0)).toBe(before);
  release();
  await eventually(epochs, found => found.get(0)! > before);
  await bench.send([two!]);
  await eventually(
    () => [...first.handled, ...second.handled].length,
    count => count >= 2,
  );
  expect(sameMessages([...first.handled, ...second.handled])).toEqual([one!.id, two!.id]);
  await eventually(
    async () =>
      (await readTopic(topics.brokers, `${topics.prefix}out`)).filter(({ key }) => key === order).length,
    count => count >= 1,
  );
});

test('a replica whose lane was claimed by a stale one does nothing in that try, and has the lane back at once', async () => {
  const order = orderIn(2);
  const replica = await bench.start();
  await eventually(
    () => replica.health().lanes,
    lanes => lanes === 4,
  );
  await database.rows("UPDATE lane SET epoch = epoch + 1, owner = 'a stale replica' WHERE lane = 2");
  const message = aMessage({ subject: order });
  await bench.send([message]);
  await eventually(
    () => replica.handled.length,
    count => count >= 1,
  );
  expect(sameMessages(replica.handled)).toEqual([message.id]);
  expect(replica.dropped.flat()).toContain(2);
  expect(replica.health()).toMatchObject({ state: 'running', lanes: 4 });
});

test("offsets in Kafka that are behind the database's change nothing: positions are the database's", async () => {
  const order = orderIn(1);
  const first = await bench.start();
  const messages = messagesFor(order, 10);
  await bench.send(messages);
  await eventually(
    () => sameMessages(first.handled).length,
    count => count >= 10,
  );
  await first.stop();
  // Without the inbox, only the positions stand between the log and a second handling.
  await database.rows('TRUNCATE inbox');
  const second = await bench.start();
  const last = aMessage({ subject: order });
  await bench.send([last]);
  await eventually(
    () => second.handled.length,
    count => count >= 1,
  );
  expect(sameMessages(second.handled)).toEqual([last.id]);
});

test('a commit of unknown outcome: the lane is claimed again, and the message handled once', async () => {
  const message = aMessage();
  let tries = 0;
  const replica = await bench.start(async (work, pass) => {
    const mine = work.some(item => item.kind === 'message' && item.message.id === message.id);
    if (mine && tries++ === 0) {
      const { rows } = await pass.tx.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
      await database.rows('SELECT pg_terminate_backend($1, 1000)', [rows[0]!.pid]);
    }
    return {};
  });
  await eventually(
    () => replica.health().lanes,
    lanes => lanes === 4,
  );
  await bench.send([message]);
  await eventually(
    () => tries,
    count => count >= 2,
  );
  await eventually(
    () => database.rows('SELECT FROM inbox WHERE message_id = $1', [message.id]),
    rows => rows.length === 1,
  );
  await eventually(
    () => replica.health().state,
    state => state === 'running',
  );
  expect(tries).toBe(2);
});

test('what a predecessor committed and did not send goes out first, in its order', async () => {
  const order = orderIn(3);
  const left = [1, 2, 3].map(number =>
    createMessage({ at: new Date(), type: 'in.done', source: '/in', subject: order, data: { number } }),
  );
  for (const message of left) {
    await database.rows("INSERT INTO outbox (lane, topic, key, value) VALUES (3, 'out', $1, $2)", [
      order,
      encode(message),
    ]);
  }
  await bench.start(work => ({
    send: work.map(() => ({
      topic: 'out',
      message: createMessage({
        at: new Date(),
        type: 'in.done',
        source: '/in',
        subject: order,
        data: { number: 4 },
      }),
    })),
  }));
  await bench.send([aMessage({ subject: order })]);
  const sent = await eventually(
    async () => (await readTopic(topics.brokers, `${topics.prefix}out`)).filter(({ key }) => key === order),
    records => records.length >= 4,
  );
  expect(sent.map(({ value }) => JSON.parse(value!.toString()).data.number)).toEqual([1, 2, 3, 4]);
  await eventually(
    () => database.rows('SELECT FROM outbox'),
    rows => rows.length === 0,
  );
});

test("a request's row whose process died is swept by the lane's owner; a fresh one is left to its process", async () => {
  const order = orderIn(0);
  const [old, fresh] = [1, 2].map(number =>
    createMessage({ at: new Date(), type: 'in.done', source: '/in', subject: order, data: { number } }),
  );
  await bench.start();
  await database.rows(
    `INSERT INTO outbox (lane, topic, key, value, http, created_at)
     VALUES (0, 'out', $1, $2, true, now() - interval '6 s'), (0, 'out', $1, $3, true, now() + interval '60 s')`,
    [order, encode(old!), encode(fresh!)],
  );
  await eventually(
    () => database.rows('SELECT FROM outbox'),
    rows => rows.length === 1,
  );
  const sent = (await readTopic(topics.brokers, `${topics.prefix}out`)).filter(({ key }) => key === order);
  expect(sent.map(({ value }) => JSON.parse(value!.toString()).id)).toEqual([old!.id]);
});

test('a log that lost its tail is read again from its start, and the inbox drops what was handled', async () => {
  const order = orderIn(1);
  const first = await bench.start();
  const done = aMessage({ subject: order });
  await bench.send([done]);
  await eventually(
    () => sameMessages(first.handled),
    ids => ids.includes(done.id),
  );
  await first.stop();
  await database.rows('UPDATE lane_position SET next_offset = 1000000 WHERE lane = 1');
  const second = await bench.start();
  const next = aMessage({ subject: order });
  await bench.send([next]);
  await eventually(
    () => sameMessages(second.handled),
    ids => ids.includes(next.id),
  );
  expect(sameMessages(second.handled)).not.toContain(done.id);
});

test('a log that begins after our position has lost messages: the lane stays paused, and health says so', async () => {
  const order = orderIn(2);
  const first = await bench.start();
  const handled = messagesFor(order, 3);
  await bench.send(handled);
  await eventually(
    () => sameMessages(first.handled),
    ids => ids.includes(handled[2]!.id),
  );
  await first.stop();
  await bench.send(messagesFor(order, 2));
  const [position] = await database.rows<{ next: string }>(
    "SELECT next_offset AS next FROM lane_position WHERE lane = 2 AND topic = 'in.commands'",
  );
  const before = { partition: 2, offset: Number(position!.next) + 1 };
  await truncateTopic(topics.brokers, `${topics.prefix}in.commands`, before);
  const replica = await bench.start();
  const [lost, fine] = [aMessage({ subject: orderIn(2) }), aMessage({ subject: orderIn(0) })];
  await bench.send([lost, fine]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(fine.id),
  );
  expect(replica.health().refused).toEqual({ 2: expect.stringContaining('messages are lost') });
  expect(sameMessages(replica.handled)).not.toContain(lost.id);
  await replica.stop();
  // What an operator does who accepts the loss: go on from where the log begins.
  await database.rows("DELETE FROM lane_position WHERE lane = 2 AND topic = 'in.commands'");
});

test('another cluster refuses to start', async () => {
  const [known] = await database.rows<{ cluster_id: string }>('SELECT cluster_id FROM kafka_cluster');
  await database.rows("UPDATE kafka_cluster SET cluster_id = 'another'");
  await expect(bench.start()).rejects.toThrow(/belongs to Kafka cluster another/);
  await database.rows('UPDATE kafka_cluster SET cluster_id = $1', [known!.cluster_id]);
});

test('who starts while another is still remembering the cluster waits for it', async () => {
  const [known] = await database.rows<{ cluster_id: string }>(
    'DELETE FROM kafka_cluster RETURNING cluster_id',
  );
  const other = await openConnection({
    url: database.url,
    applicationName: 'another replica',
    transactionTimeoutMs: 30_000,
  });
  await other.query({ text: 'BEGIN' });
  await other.query({
    text: 'INSERT INTO kafka_cluster (cluster_id) VALUES ($1)',
    values: [known!.cluster_id],
  });
  const starting = bench.start();
  const waiting =
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > interval '300 ms'";
  await eventually(
    () => database.rows(waiting),
    rows => rows.length > 0,
  );
  await other.query({ text: 'COMMIT' });
  await other.end();
  expect((await starting).health().error).toBeNull();
});

test('unequal partition counts refuse to start', async () => {
  await expect(bench.start(undefined, { laneCount: 8 })).rejects.toThrow(/has 4 partitions, but LANES is 8/);
});

test('a transaction timeout at or above the session timeout refuses to start', async () => {
  await expect(
    bench.start(undefined, { sessionTimeoutMs: 3_000, transactionTimeoutMs: 3_000 }),
  ).rejects.toThrow(/must be below sessionTimeoutMs/);
});

test('a timer of a claimed lane fires after what already waited in its topics', async () => {
  const order = orderIn(laneFor(orderIn(1)));
  const answer = aMessage({ subject: order });
  await bench.send([answer], 'in.replies');
  const replica = await bench.start(undefined, {
    timers: [{ lane: laneFor(order), orderId: order, at: new Date(Date.now() - 60_000) }],
  });
  await eventually(() => replica.handled.some(({ kind }) => kind === 'timer'), Boolean);
  const kinds = replica.handled
    .filter(item => item.kind === 'timer' || (item.kind === 'message' && item.message.id === answer.id))
    .map(({ kind }) => kind);
  expect(kinds).toEqual(['message', 'timer']);
});

test('messages that wait for a locked row are held, block only their order, and go on in order', async () => {
  const [locked, free] = [orderIn(0), orderIn(0)];
  let isLocked = true;
  const replica = await bench.start(work => ({
    hold: work.filter(item => isLocked && item.kind === 'message' && item.message.subject === locked),
  }));
  const waiting = messagesFor(locked, 3);
  const going = messagesFor(free, 3);
  await bench.send([waiting[0]!, ...going, waiting[1]!]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => going.every(({ id }) => ids.includes(id)),
  );
  await bench.send([waiting[2]!]);
  await eventually(
    () => database.rows("SELECT FROM held WHERE order_id = $1 AND reason = 'locked'", [locked]),
    rows => rows.length === 3,
  );
  isLocked = false;
  replica.handled.length = 0;
  await eventually(
    () => sameMessages(replica.handled),
    ids => waiting.every(({ id }) => ids.includes(id)),
  );
  expect(sameMessages(replica.handled)).toEqual(waiting.map(({ id }) => id));
  await eventually(
    () => database.rows('SELECT FROM held'),
    rows => rows.length === 0,
  );
});
