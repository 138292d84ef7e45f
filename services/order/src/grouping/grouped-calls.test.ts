import { Problem } from '@ballast/platform';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GroupedCalls } from './grouped-calls.js';

/** Records the groups, and answers each when it is told to. */
function recording(limits = { sizeMax: 100, waitingMax: 100 }) {
  const groups: { items: readonly number[]; settle: PromiseWithResolvers<readonly string[]> }[] = [];
  const calls = new GroupedCalls<number, string>(items => {
    const settle = Promise.withResolvers<readonly string[]>();
    groups.push({ items, settle });
    return settle.promise;
  }, limits);
  const answer = (index: number) => {
    const { items, settle } = groups[index]!;
    settle.resolve(items.map(item => `answer to ${item}`));
  };
  return { calls, groups, answer, itemsOf: () => groups.map(({ items }) => items) };
}

test('calls of one turn of the event loop make one group, and each gets its own outcome', async () => {
  const { calls, answer, itemsOf } = recording();
  const outcomes = Promise.all([calls.submit(1), calls.submit(2), calls.submit(3)]);
  await nextTurn();
  expect(itemsOf()).toEqual([[1, 2, 3]]);
  answer(0);
  expect(await outcomes).toEqual(['answer to 1', 'answer to 2', 'answer to 3']);
});

test('what arrives while a group is in flight makes the next group', async () => {
  const { calls, answer, itemsOf } = recording();
  const first = calls.submit(1);
  await nextTurn();
  const rest = Promise.all([calls.submit(2), calls.submit(3)]);
  await nextTurn();
  expect(itemsOf()).toEqual([[1]]);
  answer(0);
  await first;
  await nextTurn();
  expect(itemsOf()).toEqual([[1], [2, 3]]);
  answer(1);
  expect(await rest).toEqual(['answer to 2', 'answer to 3']);
});

test('a group that fails rejects its own calls only, and the next ones go on', async () => {
  const { calls, groups, answer } = recording({ sizeMax: 2, waitingMax: 100 });
  const outcomes = Promise.allSettled([1, 2, 3].map(item => calls.submit(item)));
  await nextTurn();
  groups[0]!.settle.reject(new Error('lost'));
  await nextTurn();
  answer(1);
  expect(await outcomes).toMatchObject([
    { status: 'rejected', reason: { message: 'lost' } },
    { status: 'rejected', reason: { message: 'lost' } },
    { status: 'fulfilled', value: 'answer to 3' },
  ]);
  const later = calls.submit(4);
  await nextTurn();
  answer(2);
  expect(await later).toBe('answer to 4');
});

test('when too many wait, the next one is turned away with a 503 instead of waiting for ever', async () => {
  const { calls, answer } = recording({ sizeMax: 1, waitingMax: 2 });
  const waiting = Promise.all([calls.submit(1), calls.submit(2)]);
  const turnedAway = await calls.submit(3).catch((error: unknown) => error);
  expect(turnedAway).toBeInstanceOf(Problem);
  expect(turnedAway).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  await nextTurn();
  answer(0);
  await nextTurn();
  answer(1);
  expect(await waiting).toEqual(['answer to 1', 'answer to 2']);
});
