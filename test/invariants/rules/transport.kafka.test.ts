import { allTopics } from '@ballast/contracts';
import { createMessage, encode, type Message, writeTopic } from '@ballast/messaging';
import { topicsForTest } from '@ballast/testkit';
import { beforeEach, expect, test } from 'vitest';
import { TopicLog } from '../reading/topic-log.js';
import { closedAfterwards, complaintsAbout, databaseOf } from '../testing/services.fixture.js';
import { nothingIsStuck } from './dead-letters.js';
import { inboxesRemember } from './inboxes.js';
import { outboxesAreEmptied } from './outboxes.js';

const database = await databaseOf();
const topics = await topicsForTest({ names: allTopics, partitions: 1 });
const topic = 'inventory.commands';
const order = '019a0000-0000-7000-8000-000000000001';

const first = aMessage();
const [second, changed] = [aMessage(), { ...first, data: { other: true } }];

function aMessage(): Message {
  const at = new Date(Date.now() - 60_000);
  return createMessage({ at, type: 'inventory.reserve', source: '/orchestrator', subject: order, data: {} });
}

await write(first, first, second);
const log = closedAfterwards(await TopicLog.read(topics.brokers, topics.prefix));

async function write(...messages: readonly (Message | string)[]): Promise<void> {
  const records = messages.map(message => ({
    partition: 0,
    key: order,
    value: typeof message === 'string' ? message : encode(message),
  }));
  await writeTopic(topics.brokers, topics.prefix + topic, records);
}

beforeEach(async () => {
  await database.rows('TRUNCATE inbox, outbox, held, dead_letter, lane_position');
  await database.rows(`INSERT INTO lane_position VALUES (0, '${topic}', 3)`);
  await database.rows('INSERT INTO inbox VALUES ($1, $2), ($3, $4)', [
    first.id,
    first.time,
    second.id,
    second.time,
  ]);
});

const complaints = (rule: typeof inboxesRemember) => complaintsAbout(rule, database, { topics: log });

test('an inbox that knows what was handled, each message once, is not complained about', async () => {
  const about = (await complaints(inboxesRemember)).filter(complaint => complaint.includes('inventory'));
  expect(about).toEqual([]);
  expect(await complaints(outboxesAreEmptied)).toEqual([]);
  expect(await complaints(nothingIsStuck)).toEqual([]);
});

test('a message that was handled and is not remembered is found', async () => {
  await database.rows('DELETE FROM inbox WHERE message_id = $1', [second.id]);
  expect(await complaints(inboxesRemember)).toContain(
    `${order}: inventory is past inventory.reserve ${second.id} and does not remember it`,
  );
});

test('days that the inbox has forgotten are not asked for', async () => {
  await database.rows('TRUNCATE inbox');
  const about = (await complaints(inboxesRemember)).filter(complaint => complaint.includes('remember'));
  expect(about).toEqual([]);
});

test('a message that is not handled is found once it is old', async () => {
  await database.rows('UPDATE lane_position SET next_offset = 2');
  expect(await complaints(inboxesRemember)).toContain(
    `${order}: inventory has not handled its inventory.reserve`,
  );
});

test('an id that was handled and is on no topic is found', async () => {
  const made = '019a0000-0000-7000-8000-00000000dead';
  await database.rows(`INSERT INTO inbox VALUES ('${made}', now())`);
  expect(await complaints(inboxesRemember)).toContain(
    `all: inventory has handled message ${made}, which is on no topic`,
  );
});

test('a message that waits in an outbox is found once it is old', async () => {
  await database.rows(
    `INSERT INTO outbox (lane, topic, key, value, created_at) VALUES (0, '${topic}', '${order}', '{}', now() - interval '1 min'),
                                                                  (0, '${topic}', 'new', '{}', now())`,
  );
  expect(await complaints(outboxesAreEmptied)).toContain(
    `${order}: a message of inventory to ${topic} has been waiting for 60 s`,
  );
  expect((await complaints(outboxesAreEmptied)).join()).not.toContain('new:');
});

test('a dead letter that nobody expects is found, one that was poisoned on purpose is not', async () => {
  await database.rows(
    `INSERT INTO dead_letter (lane, topic, order_id, message_id, place, error, blocks) VALUES (0, '${topic}', '${order}', $1, 1, 'no', true)`,
    [first.id],
  );
  expect(await complaints(nothingIsStuck)).toContain(
    `${order}: inventory could not handle a message of ${topic}: no`,
  );
  expect(await complaintsAbout(nothingIsStuck, database, { topics: log, poison: [first.id] })).toEqual([]);
});

test('a held message is found, unless it waits behind a dead letter of its order', async () => {
  await database.rows(
    `INSERT INTO held (lane, order_id, reason, message, held_at) VALUES (0, '${order}', 'locked', '{}', now() - interval '1 min')`,
  );
  expect(await complaints(nothingIsStuck)).toContain(`${order}: inventory holds a message of it (locked)`);
});

test('one id with two contents, and a record that nobody can read, are found', async () => {
  await write(changed, 'not json');
  const later = await TopicLog.read(topics.brokers, topics.prefix);
  try {
    expect(await complaintsAbout(outboxesAreEmptied, database, { topics: later })).toEqual([
      `${order}: id ${first.id} stands for different messages`,
    ]);
    expect(await complaintsAbout(nothingIsStuck, database, { topics: later })).toContain(
      `all: ${topic} partition 0 offset 4 can't be read, and is no dead letter`,
    );
  } finally {
    later.close();
  }
});
