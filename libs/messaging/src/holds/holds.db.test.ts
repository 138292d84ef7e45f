import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PassResult, Work } from '../lanes/work.js';
import type { Message } from '../message.js';
import { inLane, lane, messageOf, newOrder, told, Workshop } from '../participant/passes.fixture.js';
import { doJob, giveToolBack, lendKey, takeTool } from '../participant/workshop.fixture.js';

let workshop: Workshop;
let order: string;
const patience = { holdMs: 30_000, askAgainMs: 10_000 };

beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());
beforeEach(async () => {
  order = newOrder();
  await workshop.holding(patience);
});

const tried = { tcc: 'repair', step: 'tools' };
const take = (attributes: Partial<Message> = tried, tool = 'hammer') =>
  inLane(messageOf(takeTool, order, { tool, count: 1 }, attributes));
const giveBack = (attributes: Partial<Message> = tried) =>
  inLane(messageOf(giveToolBack, order, {}, attributes));
const timer = (): Work => ({ kind: 'timer', lane, orderId: order });
const held = () =>
  workshop.rows('SELECT lane, branch, definition, asked FROM hold WHERE order_id = $1', [order]);
const at = (ms: number) => ({ now: new Date(Date.now() + ms) });
const asked = ({ send }: PassResult) =>
  send.map(({ topic, message: { type, data } }) => ({ topic, type, data }));

describe('a try', () => {
  test('that was done is held in its own transaction, and asked about later', async () => {
    const now = new Date();
    const { timers } = await workshop.pass([take()], { now });
    expect(await held()).toEqual([{ lane, branch: 'tools', definition: 'repair', asked: 0 }]);
    expect(timers).toEqual([{ lane, orderId: order, at: new Date(now.getTime() + 30_000) }]);
  });

  test('that was refused, or that comes after its cancel, holds nothing', async () => {
    expect(told(await workshop.pass([take(tried, 'rake')]))).toEqual(['take 1: UNKNOWN_TOOL']);
    expect(await held()).toEqual([]);
    order = newOrder();
    expect(told(await workshop.pass([giveBack(), take()]))).toEqual(['give-back 1: done', 'take 1: aborted']);
    expect(await held()).toEqual([]);
  });

  test('that is repeated does not wait anew', async () => {
    await workshop.pass([take()]);
    await workshop.pass([timer()], at(31_000));
    await workshop.pass([take()]);
    expect(await held()).toMatchObject([{ asked: 1 }]);
  });

  test('that is the do of a saga is not held, and costs no statement', async () => {
    const { timers } = await workshop.pass([take({ step: 'take tools' })]);
    expect(timers).toEqual([]);
    expect(workshop.statements.filter(text => text.includes('hold'))).toEqual([]);
    expect(await held()).toEqual([]);
  });
});

describe('what is held', () => {
  test('is not given back when its time is over: the coordinator is asked, again and again', async () => {
    await workshop.pass([take()]);
    const left = await workshop.left('hammer');
    const first = await workshop.pass([timer()], at(31_000));
    const question = {
      topic: 'orchestrator.commands',
      type: 'orchestrator.ask',
      data: { branch: 'tools', definition: 'repair' },
    };
    expect(asked(first)).toEqual([question]);
    expect(first.timers).toMatchObject([{ orderId: order }]);
    expect(asked(await workshop.pass([timer()], at(42_000)))).toEqual([question]);
    expect(await workshop.left('hammer')).toBe(left);
    expect(await held()).toMatchObject([{ asked: 2 }]);
  });

  test('is asked about in the trace of its order, also by the next owner of the lane', async () => {
    const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=b' };
    await workshop.pass([take({ ...tried, ...trace })]);
    const { send } = await workshop.pass([timer()], at(31_000));
    expect(send[0]?.message).toMatchObject(trace);
    await workshop.holding(patience);
    expect((await workshop.pass([timer()], at(42_000))).send[0]?.message).toMatchObject(trace);
  });

  test('is asked about by the next owner of the lane, when this one dies', async () => {
    const now = new Date();
    await workshop.pass([take()], { now });
    const timers = await workshop.holding(patience);
    expect(timers).toContainEqual({ lane, orderId: order, at: new Date(now.getTime() + 30_000) });
    expect(asked(await workshop.pass([timer()], at(31_000)))).toHaveLength(1);
  });

  test('is settled by its cancel, and by its confirm', async () => {
    await workshop.pass([take()]);
    expect((await workshop.pass([giveBack()])).timers).toEqual([{ lane, orderId: order, at: null }]);
    expect(await held()).toEqual([]);
    expect(asked(await workshop.pass([take(), giveBack()])).map(({ type }) => type)).toEqual([
      'workshop.take.answered',
      'workshop.give-back.answered',
    ]);
  });

  test('is forgotten with its lane', async () => {
    await workshop.pass([take()]);
    workshop.handler.dropped([lane]);
    await expect(workshop.pass([timer()])).rejects.toThrow('no timers');
  });
});

const porter = (operation: string, answer: object): Work => ({
  kind: 'submitted',
  lane,
  orderId: order,
  payload: { kind: 'answered', operation, round: 1, attempt: 1, answer },
});

test('a try that needs an outside answer is held from that answer on', async () => {
  await workshop.pass([inLane(messageOf(lendKey, order, { door: 'shed' }, tried))]);
  expect(await held()).toEqual([]);
  await workshop.pass([porter(lendKey.type, { kind: 'accepted', body: { key: 'k' } })]);
  expect(await held()).toMatchObject([{ branch: 'tools', definition: 'repair' }]);
});

describe('a pivot that is confirmed', () => {
  const refused = { kind: 'refused', code: 'away' };
  const job = (attempt: number, attributes: Partial<Message>) =>
    inLane(messageOf(doJob, order, { minutes: 5 }, { attempt, ...attributes }));

  test('is never refused for good: the next attempt decides anew', async () => {
    await workshop.pass([job(1, tried)]);
    expect(told(await workshop.pass([porter(doJob.type, refused)]))).toEqual(['job 1: BOTCHED']);
    const again = await workshop.pass([job(2, tried)]);
    expect(again.send).toEqual([]);
    const second = { kind: 'submitted', lane, orderId: order } as const;
    const payload = {
      kind: 'answered',
      operation: doJob.type,
      round: 2,
      attempt: 1,
      answer: { kind: 'accepted', body: {} },
    };
    expect(told(await workshop.pass([{ ...second, payload }]))).toEqual(['job 2: done']);
  });

  test('in a saga keeps its first answer', async () => {
    await workshop.pass([job(1, {})]);
    await workshop.pass([porter(doJob.type, refused)]);
    expect(told(await workshop.pass([job(2, {})]))).toEqual(['job 2: BOTCHED']);
  });
});
