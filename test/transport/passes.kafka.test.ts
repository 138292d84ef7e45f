import { encode, readTopic, type Work, writeTopic } from '@ballast/messaging';
import { openConnection } from '@ballast/platform';
import { expect, test } from 'vitest';
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

test('what waits in all lanes and topics shares a transaction', async () => {
  const orders = [0, 1, 2, 3].map(orderIn);
  await bench.send(orders.flatMap(order => messagesFor(order, 25)));
  await bench.send(
    orders.flatMap(order => messagesFor(order, 25)),
    'in.replies',
  );
  const sizes: number[] = [];
  const replica = await bench.start(work => {
    sizes.push(work.length);
    return {};
  });
  await eventually(
    () => replica.handled.length,
    count => count >= 200,
  );
  expect(replica.handled).toHaveLength(200);
  expect(Math.max(...sizes)).toBeGreaterThan(50);
});

test("an order's messages are handled in the order in which they were sent", async () => {
  const order = orderIn(1);
  const messages = messagesFor(order, 300);
  const replica = await bench.start(() => ({}), { passMessagesMax: 37 });
  await bench.send(messages);
  await eventually(
    () => replica.handled.length,
    count => count >= 300,
  );
  expect(sameMessages(replica.handled)).toEqual(messages.map(({ id }) => id));
});

test('a message sent before any offset was committed is not lost', async () => {
  const message = aMessage();
  await bench.send([message]);
  const replica = await bench.start();
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(message.id),
  );
});

test('a double is dropped: within a batch, in a later batch, and after a restart', async () => {
  const message = aMessage();
  const first = await bench.start();
  await bench.send([message, message]);
  await eventually(
    () => first.handled.length,
    count => count >= 1,
  );
  await bench.send([message]);
  const marker = aMessage({ subject: message.subject });
  await bench.send([marker]);
  await eventually(
    () => sameMessages(first.handled),
    ids => ids.includes(marker.id),
  );
  await first.stop();

  const second = await bench.start();
  const last = aMessage({ subject: message.subject });
  await bench.send([message, last]);
  await eventually(
    () => sameMessages(second.handled),
    ids => ids.includes(last.id),
  );
  expect([...sameMessages(first.handled), ...sameMessages(second.handled)]).toEqual([
    message.id,
    marker.id,
    last.id,
  ]);
});

test('what is sent goes out once, in order, to the partition of its lane, and leaves the outbox', async () => {
  const order = orderIn(2);
  const replica = await bench.start(work => ({
    send: work.flatMap(item =>
      item.kind === 'message'
        ? [{ topic: 'out', message: { ...aMessage({ subject: order }), data: item.message.data } }]
        : [],
    ),
  }));
  await bench.send(messagesFor(order, 50));
  await eventually(
    () => replica.handled.length,
    count => count >= 50,
  );
  await eventually(
    () => database.rows<{ count: number }>('SELECT count(*)::int AS count FROM outbox'),
    rows => rows[0]!.count === 0,
  );
  const sent = (await readTopic(topics.brokers, `${topics.prefix}out`)).filter(({ key }) => key === order);
  expect(sent.map(({ value }) => JSON.parse(value!.toString()).data.index)).toEqual(
    Array.from({ length: 50 }, (_, index) => index),
  );
  expect(new Set(sent.map(({ partition }) => partition))).toEqual(new Set([laneFor(order)]));
});

test('an undecodable record goes to the dead letters with its position, and the lane goes on', async () => {
  const order = orderIn(3);
  const replica = await bench.start();
  const nul = { ...aMessage({ subject: order }), specversion: '1.0', type: 'a\u0000b' };
  const elsewhere = aMessage({ subject: orderIn(1) });
  await writeTopic(topics.brokers, `${topics.prefix}in.commands`, [
    { partition: 3, key: order, value: Buffer.from([0xff, 0xfe, 0x00, 0x01]) },
    { partition: 3, key: null, value: null },
    { partition: 3, key: order, value: JSON.stringify(nul) },
    // jsonb, in which headers are kept, refuses what Kafka lets through.
    { partition: 3, key: '\u0000', value: '{}', headers: { 'n\u0000': '\u0000' } },
    // As by a client with another partitioner: its order may be another replica's.
    { partition: 3, key: elsewhere.subject, value: encode(elsewhere) },
  ]);
  const next = aMessage({ subject: order });
  await bench.send([next]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(next.id),
  );
  const dead = await database.rows<{ error: string; blocks: boolean; topic: string; topic_offset: string }>(
    "SELECT error, blocks, topic, topic_offset FROM dead_letter WHERE lane = 3 AND topic = 'in.commands' ORDER BY id",
  );
  expect(dead.map(({ error }) => error)).toEqual([
    'the value is not JSON',
    'the record has no value',
    expect.stringContaining('not a CloudEvent that is understood here: type'),
    expect.stringContaining('not a CloudEvent that is understood here'),
    expect.stringContaining('its key belongs to partition 1, and it came in 3'),
  ]);
  expect(sameMessages(replica.handled)).not.toContain(elsewhere.id);
  expect(dead.every(({ blocks }) => !blocks)).toBe(true);
  expect(new Set(dead.map(({ topic_offset }) => topic_offset)).size).toBe(5);
});

test('a message that its handler fails on is isolated, and only its own order waits behind it', async () => {
  const [poisoned, other] = [orderIn(0), orderIn(0)];
  const bad = aMessage({ subject: poisoned });
  const replica = await bench.start(async (work, pass) => {
    for (const item of work) {
      if (item.kind === 'message' && item.message.id === bad.id) {
        await pass.businessSave(async () => {
          await pass.tx.query({ text: 'SELECT jsonb \'{"a": "\\u0000"}\'' });
        });
      }
    }
    return {};
  });
  const before = messagesFor(other, 5);
  const behind = messagesFor(poisoned, 3);
  const after = messagesFor(other, 5);
  await bench.send([...before, bad, ...behind, ...after]);
  await eventually(
    () => replica.handled.length,
    count => count >= 10,
  );
  const held = await eventually(
    () =>
      database.rows<{ reason: string; message: string }>(
        'SELECT reason, message FROM held WHERE order_id = $1 ORDER BY seq',
        [poisoned],
      ),
    rows => rows.length === 3,
  );
  expect(held.map(({ message }) => JSON.parse(message).id)).toEqual(behind.map(({ id }) => id));
  expect(held.every(({ reason }) => reason === 'behind-poison')).toBe(true);
  expect(
    sameMessages(replica.handled).filter(id => [...before, ...after].some(message => message.id === id)),
  ).toEqual([...before, ...after].map(({ id }) => id));
  const [dead] = await database.rows<{ error: string; blocks: boolean; stack: string | null }>(
    'SELECT error, blocks, stack FROM dead_letter WHERE message_id = $1',
    [bad.id],
  );
  expect(dead).toMatchObject({ blocks: true, error: expect.stringContaining('Unicode') });
});

test("an error that is nobody's fault blames nobody: it is tried again until it works", async () => {
  const message = aMessage();
  let failures = 0;
  const replica = await bench.start(async (work, pass) => {
    const mine = work.some(item => item.kind === 'message' && item.message.id === message.id);
    if (mine && failures++ < 3) await pass.tx.query({ text: 'SELECT * FROM no_such_table' });
    return {};
  });
  await bench.send([message]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(message.id),
  );
  expect(await database.rows('SELECT * FROM dead_letter WHERE message_id = $1', [message.id])).toEqual([]);
});

test('a message older than the inbox remembers, or from far in the future, is refused', async () => {
  const replica = await bench.start();
  const old = aMessage({ time: new Date(Date.now() - 10 * 86_400_000).toISOString() });
  const future = aMessage({ time: new Date(Date.now() + 3_600_000).toISOString() });
  const good = aMessage();
  await bench.send([old, future, good]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(good.id),
  );
  const dead = await eventually(
    () =>
      database.rows('SELECT message_id FROM dead_letter WHERE message_id = ANY ($1)', [[old.id, future.id]]),
    rows => rows.length === 2,
  );
  expect(dead).toHaveLength(2);
  expect(sameMessages(replica.handled)).toEqual([good.id]);
});

test('a record too large to send is the fault of the message that caused it', async () => {
  const culprit = aMessage();
  const replica = await bench.start(work => ({
    send: work.flatMap(item =>
      item.kind === 'message'
        ? [
            {
              topic: 'out',
              message: aMessage({
                subject: item.message.subject,
                data: item.message.id === culprit.id ? 'x'.repeat(2_000_000) : 'small',
              }),
            },
          ]
        : [],
    ),
  }));
  const others = [aMessage(), aMessage(), aMessage()];
  await bench.send([...others, culprit]);
  await eventually(
    () => new Set(sameMessages(replica.handled)).size,
    count => count >= 3,
  );
  await eventually(
    () => database.rows('SELECT error FROM dead_letter WHERE message_id = $1', [culprit.id]),
    rows => rows.length === 1,
  );
});

test('a shared row that somebody else has locked does not stall the lane: the pass starts over and holds what needs it', async () => {
  await database.rows('CREATE TABLE shared_row (key text PRIMARY KEY)');
  await database.rows("INSERT INTO shared_row VALUES ('locked'), ('free')");
  const somebody = await openConnection({
    url: database.url,
    applicationName: 'somebody else',
    // As long as the test holds it, on any machine.
    transactionTimeoutMs: 60_000,
  });
  await somebody.query({ text: 'BEGIN' });
  await somebody.query({ text: "SELECT FROM shared_row WHERE key = 'locked' FOR UPDATE" });

  const tries: string[] = [];
  const replica = await bench.start(async (work, pass) => {
    const keyOf = (item: Work) => (item.kind === 'message' ? (item.message.data as { key: string }).key : '');
    const found = await pass.underLockTimeout(async () => {
      const skip = pass.locks === 'skip' ? 'SKIP LOCKED' : '';
      const { rows } = await pass.tx.query<{ key: string }>({
        text: `SELECT key FROM shared_row WHERE key = ANY ($1) ORDER BY key FOR NO KEY UPDATE ${skip}`,
        values: [work.map(keyOf)],
      });
      return new Set(rows.map(({ key }) => key));
    });
    tries.push(pass.locks);
    return { hold: work.filter(item => !found.has(keyOf(item))) };
  });
  const [waits, goes] = [orderIn(0), orderIn(0)].map(subject => aMessage({ subject }));
  await bench.send([
    { ...waits!, data: { key: 'locked' } },
    { ...goes!, data: { key: 'free' } },
  ]);
  const heldMessages = () => database.rows<{ order_id: string }>('SELECT order_id FROM held');
  const held = await eventually(heldMessages, rows =>
    rows.some(({ order_id }) => order_id === waits!.subject),
  );
  expect(held.map(({ order_id }) => order_id)).not.toContain(goes!.subject);
  expect(tries[0]).toBe('skip');

  await somebody.query({ text: 'ROLLBACK' });
  await somebody.end();
  await eventually(heldMessages, rows => rows.every(({ order_id }) => order_id !== waits!.subject));
  expect(sameMessages(replica.handled)).toContain(waits!.id);
});

test('a table that somebody has locked turns health red, blames no message, and goes on by itself', async () => {
  const replica = await bench.start(async () => ({}));
  const somebody = await openConnection({
    url: database.url,
    applicationName: 'somebody else',
    // As long as the test holds it, on any machine.
    transactionTimeoutMs: 60_000,
  });
  await somebody.query({ text: 'BEGIN' });
  await somebody.query({ text: 'LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE' });
  const message = aMessage({ subject: orderIn(0)! });
  await bench.send([message]);
  await eventually(
    () => replica.health(),
    ({ state, error }) => state === 'failing' && /stays locked/.test(error ?? ''),
  );
  await somebody.query({ text: 'ROLLBACK' });
  await somebody.end();
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(message.id),
  );
  await eventually(
    () => replica.health(),
    ({ state, error }) => state === 'running' && error === null,
  );
  expect(await database.rows('SELECT FROM dead_letter WHERE message_id = $1', [message.id])).toEqual([]);
});

test('a pass that takes longer than a transaction may is made smaller until it comes through', async () => {
  const sizes: number[] = [];
  const order = orderIn(2);
  const messages = messagesFor(order, 64);
  await bench.send(messages);
  const replica = await bench.start(
    async (work, pass) => {
      sizes.push(work.length);
      await pass.tx.query({ text: 'SELECT pg_sleep($1)', values: [work.length * 0.05] });
      return {};
    },
    { transactionTimeoutMs: 1_000 },
  );
  const ids = messages.map(({ id }) => id);
  await eventually(
    () => new Set(sameMessages(replica.handled)),
    handled => ids.every(id => handled.has(id)),
  );
  expect(Math.max(...sizes)).toBe(64);
  expect(sameMessages(replica.handled).filter(id => ids.includes(id))).toEqual(ids);
});

test('a message whose handling never comes to an end is found out, and the others go on', async () => {
  const [bad, behind, ...others] = [orderIn(0), orderIn(1), orderIn(1), orderIn(2)];
  const culprit = aMessage({ subject: bad! });
  const follower = aMessage({ subject: bad! });
  const good = [behind!, ...others].map(subject => aMessage({ subject }));
  const replica = await bench.start(
    async work => {
      if (sameMessages(work).includes(culprit.id)) await new Promise(() => {});
      return {};
    },
    { passMessagesMax: 16, transactionTimeoutMs: 800 },
  );
  await bench.send([culprit, follower, ...good]);
  await eventually(
    () => database.rows('SELECT error FROM dead_letter WHERE message_id = $1', [culprit.id]),
    ([letter]) => letter !== undefined && /took longer than a transaction may/.test(String(letter['error'])),
  );
  await eventually(
    () => new Set(sameMessages(replica.handled)),
    handled => good.every(({ id }) => handled.has(id)),
  );
  await eventually(
    () => database.rows('SELECT FROM held WHERE order_id = $1', [bad!]),
    rows => rows.length === 1,
  );
  expect(sameMessages(replica.handled)).not.toContain(follower.id);
});
