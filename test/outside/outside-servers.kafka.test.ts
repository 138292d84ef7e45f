import { serviceNames } from '@ballast/contracts';
import { newRunDirectory, placeSampleOrders, removeRunDirectory, startStack } from '@ballast/local';
import { databaseForTest, testBrokers } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';

const databases = await Promise.all(
  serviceNames.map(async service => [service, (await databaseForTest({ sets: [] })).url] as const),
);
const directory = await newRunDirectory();
afterAll(() => removeRunDirectory(directory));

test('the shop runs on a Kafka and on databases that somebody else runs', { timeout: 120_000 }, async () => {
  const skipped: string[] = [];
  const stack = await startStack({
    directory,
    outside: { brokers: testBrokers().join(','), databaseUrls: Object.fromEntries(databases) },
    environment: { TOPIC_PREFIX: `outside-${randomUUID().slice(0, 8)}.`, LANES: '4' },
    onStage: (stage, event) => event === 'skipped' && skipped.push(stage),
  });
  try {
    expect(skipped.sort()).toEqual(['Kafka', "Kafka's jars", 'PostgreSQL', 'databases']);
    expect(stack.units.map(({ name }) => name)).not.toContain('postgres');
    const { outcomes, invariants } = await placeSampleOrders(stack);
    expect(outcomes.map(({ order }) => order.status)).toEqual(outcomes.map(({ case: { status } }) => status));
    expect(invariants.filter(({ holds }) => !holds)).toEqual([]);
  } catch (error) {
    // The logs go with the folder.
    console.error(stack.units.map(({ program }) => program?.logTail()).join('\n'));
    throw error;
  } finally {
    await stack.stop();
  }
});
