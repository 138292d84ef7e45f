import { createTopics, deleteTopics, messagingMigrations } from '@ballast/messaging';
import pg from 'pg';
import { expect, test } from 'vitest';
import { databaseForTest, openConnections } from './database.js';
import { topicsForTest } from './topics.js';

const one = await databaseForTest({ sets: [messagingMigrations] });
const other = await databaseForTest({ sets: [messagingMigrations] });
const topics = await topicsForTest({ names: ['orders', 'answers'], partitions: 3 });

test('a test file has a migrated database of its own', async () => {
  await one.rows("INSERT INTO kafka_cluster (cluster_id) VALUES ('ours')");
  expect(await one.rows('SELECT cluster_id FROM kafka_cluster')).toEqual([{ cluster_id: 'ours' }]);
  expect(await other.rows('SELECT cluster_id FROM kafka_cluster')).toEqual([]);
});

test('a connection that is left open is found', async () => {
  const leaked = new pg.Client({ connectionString: one.url, application_name: 'forgetful' });
  await leaked.connect();
  expect(await openConnections(one.name, { graceMs: 100 })).toEqual([
    expect.stringContaining('application forgetful'),
  ]);
  await leaked.end();
  expect(await openConnections(one.name)).toEqual([]);
});

test('topics that are there already are taken as they are, and refused with another number of partitions', async () => {
  const [orders, more] = [`${topics.prefix}orders`, `${topics.prefix}more`];
  await createTopics(topics.brokers, [orders, more], 3);
  await expect(createTopics(topics.brokers, [orders], 4)).rejects.toThrow('3 partitions');
  await deleteTopics(topics.brokers, [more, `${topics.prefix}never`]);
  await createTopics(topics.brokers, [more], 4);
  await deleteTopics(topics.brokers, [more]);
});
