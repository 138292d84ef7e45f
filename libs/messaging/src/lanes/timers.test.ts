import { expect, test } from 'vitest';
import { Timers } from './timers.js';

const at = (ms: number) => new Date(ms);
const always = () => true;
const settle = () => new Promise(resolve => setImmediate(resolve));

function timers() {
  const asked: ((ends: ReadonlyMap<string, number> | Error) => void)[] = [];
  const made = new Timers(
    () =>
      new Promise((resolve, reject) =>
        asked.push(ends => (ends instanceof Error ? reject(ends) : resolve(ends))),
      ),
  );
  return { timers: made, asked };
}

test('a due timer fires only when everything that was on the topics when it fell due is handled', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 3, orderId: 'a', at: at(10_000) });
  expect(made.take(9_900, always)).toEqual([]);
  expect(asked).toHaveLength(0);
  expect(made.take(10_060, always)).toEqual([]);
  asked[0]!(new Map([['t/3', 7]]));
  await settle();
  let position = 6;
  const reached = (lane: number, targets: ReadonlyMap<string, number>) =>
    position >= targets.get(`t/${lane}`)!;
  expect(made.take(10_100, reached)).toEqual([]);
  position = 7;
  expect(made.take(10_150, reached)).toEqual([{ lane: 3, orderId: 'a' }]);
  expect(made.take(20_000, always)).toEqual([]);
});

test('the target is fixed: what arrives later does not postpone a timer', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 0, orderId: 'a', at: at(1_000) });
  made.take(1_050, always);
  asked[0]!(new Map([['t/0', 5]]));
  await settle();
  expect(made.take(2_000, (_, targets) => 5 >= targets.get('t/0')!)).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

test('a timer that was cleared or set again while Kafka was asked does not fire', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 0, orderId: 'cleared', at: at(1_000) });
  made.set({ lane: 0, orderId: 'later', at: at(1_000) });
  made.take(1_050, always);
  made.set({ lane: 0, orderId: 'cleared', at: null });
  made.set({ lane: 0, orderId: 'later', at: at(5_000) });
  asked[0]!(new Map());
  await settle();
  expect(made.take(1_100, always)).toEqual([]);
  made.take(5_050, always);
  asked[1]!(new Map());
  await settle();
  expect(made.take(5_100, always)).toEqual([{ lane: 0, orderId: 'later' }]);
});

test('Kafka unreachable: nothing fires, and nothing is forgotten', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 0, orderId: 'a', at: at(1_000) });
  made.take(1_050, always);
  asked[0]!(new Error('no broker'));
  await settle();
  expect(made.take(1_100, always)).toEqual([]);
  made.take(1_700, always);
  asked[1]!(new Map());
  await settle();
  expect(made.take(1_700, always)).toEqual([{ lane: 0, orderId: 'a' }]);
});

test('a lane that is lost takes its timers along, those in the round too', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 1, orderId: 'lost', at: at(1_000) });
  made.set({ lane: 2, orderId: 'kept', at: at(1_000) });
  made.take(1_050, always);
  made.drop(new Set([1]));
  asked[0]!(new Map());
  await settle();
  expect(made.take(1_100, always)).toEqual([{ lane: 2, orderId: 'kept' }]);
  expect(made.count).toBe(0);
});

test('a timer that is due when it is set fires at the next look', async () => {
  const { timers: made, asked } = timers();
  made.set({ lane: 0, orderId: 'first', at: at(50_000) });
  made.take(50_100, always);
  asked[0]!(new Map());
  await settle();
  made.take(50_100, always);
  made.set({ lane: 0, orderId: 'overdue', at: at(10) });
  made.take(50_200, always);
  asked[1]!(new Map());
  await settle();
  expect(made.take(50_250, always)).toEqual([{ lane: 0, orderId: 'overdue' }]);
});
