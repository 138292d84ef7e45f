import { addPartitions, createTopics, deleteTopics } from '@ballast/messaging';
import { expect, test } from 'vitest';
import { aMessage, eventually, orderIn, type Replica, sameMessages, transportBench } from './replica.js';

const bench = await transportBench();
const { brokers, prefix } = bench.topics;
const commands = `${prefix}in.commands`;

test('partitions that are added while a process runs do not disturb its lanes; it names them, and the next start is refused', async () => {
  const [replica, other] = await Promise.all([bench.start(), bench.start()]);
  await eventually(
    () => replica.health().lanes + other.health().lanes,
    lanes => lanes === 4,
  );
  await addPartitions(brokers, commands, 6);
  await other.stop(); // whoever joins again hears of the new partitions
  const health = await eventually(
    () => replica.health(),
    ({ state, lanes, error }) =>
      state === 'running' &&
      lanes === 4 &&
      error?.includes(`${commands} has 6 partitions, but LANES is 4`) === true,
  );
  expect(replica.server.check()).toMatchObject({ error: health.error });
  await handlesAllLanes(replica);
  await expect(bench.start()).rejects.toThrow('has 6 partitions, but LANES is 4');
});

test('a process whose consumer cannot go on with the partitions there are says so, and goes on when they are right again', async () => {
  await recreateCommands(4);
  const replica = await bench.start();
  await runsAllLanes(replica);
  await handlesAllLanes(replica);
  await recreateCommands(2);
  const { state } = await eventually(
    () => replica.health(),
    ({ error }) => error?.includes(`${commands} has 2 partitions, but LANES is 4`) === true,
  );
  expect(state).not.toBe('running');
  expect(() => replica.server.check()).toThrow('has 2 partitions, but LANES is 4');
  await recreateCommands(4);
  await runsAllLanes(replica);
  await handlesAllLanes(replica);
});

async function recreateCommands(partitions: number): Promise<void> {
  await deleteTopics(brokers, [commands]);
  await createTopics(brokers, [commands], partitions);
}

/**
 * Before anything is sent: positions are of the topic before, and a claim that found as many messages as were handled of
 * that one would take them for handled.
 */
async function runsAllLanes(replica: Replica): Promise<void> {
  await eventually(
    () => replica.health(),
    ({ state, lanes, error }) => state === 'running' && lanes === 4 && error === null,
  );
}

async function handlesAllLanes(replica: Replica): Promise<void> {
  const messages = [0, 1, 2, 3].map(lane => aMessage({ subject: orderIn(lane) }));
  await bench.send(messages);
  await eventually(
    () => sameMessages(replica.handled),
    ids => messages.every(({ id }) => ids.includes(id)),
  );
}
