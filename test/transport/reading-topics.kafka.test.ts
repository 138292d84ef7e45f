import { topicsForTest } from '@ballast/testkit';
import { expect, test } from 'vitest';
import { readTopic, type TopicRecord, visitTopics, writeTopic } from '@ballast/messaging';

const topics = await topicsForTest({ names: ['letters', 'numbers', 'nothing'], partitions: 2 });
const [letters, numbers, nothing] = ['letters', 'numbers', 'nothing'].map(name => topics.prefix + name) as [
  string,
  string,
  string,
];

await writeTopic(
  topics.brokers,
  letters,
  ['a', 'b', 'c'].map(value => ({ partition: value === 'b' ? 1 : 0, key: 'k', value })),
);
await writeTopic(
  topics.brokers,
  numbers,
  ['1', '2'].map(value => ({ partition: 1, key: null, value })),
);

test('several topics are visited in batches, each partition in its order', async () => {
  const seen: Record<string, (readonly [number, number, string])[]> = {};
  const bounds = await visitTopics(topics.brokers, [letters, numbers, nothing], (topic, batch) => {
    (seen[topic] ??= []).push(...batch.map(placeAndText));
  });
  expect(seen[letters]!.sort()).toEqual([
    [0, 0, 'a'],
    [0, 1, 'c'],
    [1, 0, 'b'],
  ]);
  expect(seen[numbers]).toEqual([
    [1, 0, '1'],
    [1, 1, '2'],
  ]);
  expect(seen[nothing]).toBeUndefined();
  expect(bounds.get(letters)!.map(({ end }) => end)).toEqual([2, 1]);
});

test('a visitor that fails ends the visit with its error', async () => {
  const visit = () => {
    throw new Error('enough');
  };
  await expect(visitTopics(topics.brokers, [letters], visit)).rejects.toThrow('enough');
});

test('an empty topic is read as nothing', async () => {
  expect(await readTopic(topics.brokers, nothing)).toEqual([]);
});

const placeAndText = ({ partition, offset, value }: TopicRecord) =>
  [partition, offset, value!.toString()] as const;
