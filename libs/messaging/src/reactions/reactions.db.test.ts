import type { DataOf, EventType, OutsideAnswer } from '@ballast/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PassResult, Work } from '../lanes/work.js';
import type { Message } from '../message.js';
import { inLane, lane, messageOf, newOrder, Workshop } from '../participant/passes.fixture.js';
import { lendKey, takeTool } from '../participant/workshop.fixture.js';
import type { News } from './reacting.js';
import { Reactions } from './reactions.js';
import {
  asked,
  asksAgain,
  charged,
  keyBack,
  keyLent,
  refunded,
  repair,
  toolBack,
  toolMissing,
  toolTaken,
} from './repair.fixture.js';

let workshop: Workshop;
const news: News[] = [];

beforeAll(async () => {
  workshop = await Workshop.open();
  workshop.handlerWith(
    null,
    new Reactions(repair, 'workshop', { PARK_AFTER_ATTEMPTS: 2, QUIET_MS: 60_000 }, one => {
      news.push(one);
    }),
  );
});
afterAll(() => workshop.close());

const aRepair = { tool: 'hammer', count: 1, door: 'back' };
const failure = { reason: 'NO_MONEY' };

function heard<E extends EventType>(event: E, orderId: string, data: DataOf<E>, deadline?: Date): Message {
  const [source] = event.type.split('.');
  const message = messageOf(event, orderId, data, { source: `/${source}` });
  const { sagaid: _, step: __, attempt: ___, ...rest } = message;
  return { ...rest, ...(deadline !== undefined && { deadline: deadline.toISOString() }) };
}

/** What a pass announces and answers, in its order. */
const told = ({ send }: PassResult): string[] =>
  send.map(({ topic, message }) => `${message.type} on ${topic}`);
const pass = async (...messages: Message[]) => told(await workshop.pass(messages.map(inLane)));

const answered = (orderId: string, operation: string, answer: OutsideAnswer): Work => ({
  kind: 'submitted',
  lane,
  orderId,
  payload: { kind: 'answered', operation, round: 1, attempt: 1, answer },
});

const progress = async (orderId: string) =>
  (
    await workshop.rows<{ state: { facts: { event: string }[]; reactions: Record<string, { is: string }> } }>(
      'SELECT state FROM choreographed_order WHERE order_id = $1',
      [orderId],
    )
  )[0]?.state;

const touching = (table: string) => workshop.statements.filter(text => text.includes(table)).length;

describe('an event', () => {
  test('is reacted to in its own pass, by the barrier and the domain, and the outcome announced', async () => {
    const orderId = newOrder();
    const { send } = await workshop.pass([inLane(heard(asked, orderId, aRepair))]);
    expect(told({ send } as PassResult)).toEqual(['workshop.tool-taken on workshop.events']);
    expect(send[0]!.message).toMatchObject({ source: '/workshop', subject: orderId, data: { note: '' } });
    expect(send[0]!.message).not.toHaveProperty('sagaid');
    expect(await workshop.barrier(orderId)).toEqual({ 'workshop.take': 'answered' });
  });

  test('that comes early waits in the row of its order, and is looked at when the rest has come', async () => {
    const orderId = newOrder();
    expect(await pass(heard(toolTaken, orderId, { left: 1, note: '' }))).toEqual([]);
    expect((await progress(orderId))?.facts.map(({ event }) => event)).toEqual(['workshop.tool-taken']);
    expect(await workshop.barrier(orderId)).toEqual({});
    expect(await pass(heard(asked, orderId, aRepair))).toEqual(['workshop.tool-taken on workshop.events']);
    expect(await workshop.barrier(orderId)).toEqual({
      'workshop.take': 'answered',
      'workshop.lend': 'waiting',
    });
  });

  test('that comes twice is reacted to once', async () => {
    const orderId = newOrder();
    const before = await workshop.left('hammer');
    await pass(heard(asked, orderId, aRepair), heard(asked, orderId, aRepair));
    expect(await pass(heard(asked, orderId, aRepair))).toEqual([]);
    expect(await workshop.left('hammer')).toBe(before - 1);
  });

  test('that concerns others passes by, and so does one that nobody knows yet; neither costs a statement', async () => {
    const orderId = newOrder();
    await workshop.pass([
      inLane(messageOf({ type: 'bank.held' }, orderId, {})),
      inLane(messageOf({ type: 'bank.invented-later' }, orderId, {})),
    ]);
    expect(workshop.statements).toEqual([]);
  });

  test('that breaks its contract is poison, with the reason', async () => {
    const broken = { ...heard(asked, newOrder(), aRepair), data: { tool: 1 } };
    await expect(workshop.pass([inLane(broken)])).rejects.toThrow('front.asked');
  });
});

describe('what is announced', () => {
  test('is what changed the barrier: a coordinator gets the stored answer, and an event never repeats it', async () => {
    const orderId = newOrder();
    const take = messageOf(takeTool, orderId, { tool: 'hammer', count: 1 });
    expect(await pass(take)).toEqual(['workshop.take.answered on orchestrator.replies']);
    expect(await pass(heard(asked, orderId, aRepair))).toEqual([]);
    expect((await progress(orderId))?.reactions).toMatchObject({ 'workshop.take': { is: 'done' } });
    expect(await pass({ ...take, id: newOrder(), attempt: 2 })).toEqual([
      'workshop.take.answered on orchestrator.replies',
    ]);
  });

  test('of a do that meets a tombstone is nothing; of the undo that left it, that it is undone', async () => {
    const orderId = newOrder();
    expect(await pass(heard(refunded, orderId, failure))).toEqual([
      'workshop.tool-back on workshop.events',
      'workshop.key-back on workshop.events',
    ]);
    expect(await pass(heard(asked, orderId, aRepair))).toEqual([]);
    expect(await workshop.barrier(orderId)).toEqual({
      'workshop.take': 'tombstone',
      'workshop.lend': 'tombstone',
    });
  });

  test('of a do that is late is its failure', async () => {
    const orderId = newOrder();
    const { send } = await workshop.pass([
      inLane(heard(asked, orderId, aRepair, new Date(Date.now() - 1_000))),
    ]);
    expect(send.map(({ message }) => [message.type, message.data])).toEqual([
      [toolMissing.type, { reason: 'DEADLINE' }],
    ]);
  });

  test('of a rejection is its code, and of an undo the reason that it was told', async () => {
    const orderId = newOrder();
    const { send } = await workshop.pass([
      inLane(heard(asked, orderId, { ...aRepair, tool: 'spoon' })),
      inLane(heard(refunded, orderId, failure)),
    ]);
    expect(send.map(({ message }) => [message.type, message.data])).toEqual([
      [toolMissing.type, { reason: 'UNKNOWN_TOOL' }],
      [toolBack.type, failure],
      [keyBack.type, failure],
    ]);
  });

  test('carries the deadline and the trace of what began the order', async () => {
    const orderId = newOrder();
    const deadline = new Date(Date.now() + 60_000);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { send } = await workshop.pass([
      inLane({ ...heard(asked, orderId, aRepair, deadline), traceparent }),
    ]);
    expect(send[0]!.message).toMatchObject({ deadline: deadline.toISOString(), traceparent });
  });
});

describe('an operation that asks an outside party', () => {
  const waiting = async () => {
    const orderId = newOrder();
    await pass(heard(asked, orderId, aRepair));
    await pass(heard(toolTaken, orderId, { left: 1, note: '' }));
    return orderId;
  };
  const accepted: OutsideAnswer = { kind: 'accepted', body: { key: 'k-1' } };

  test('is announced when that one has answered', async () => {
    const orderId = await waiting();
    const result = await workshop.pass([answered(orderId, lendKey.type, accepted)]);
    expect(told(result)).toEqual([`${keyLent.type} on workshop.events`]);
    expect(touching('choreographed_order')).toBe(2);
  });

  test('is undone once it is answered, when its undo was announced meanwhile', async () => {
    const orderId = await waiting();
    expect(await pass(heard(refunded, orderId, failure))).toEqual(['workshop.tool-back on workshop.events']);
    // The key is lent by then: it has to be given back, which is asked as well.
    expect(told(await workshop.pass([answered(orderId, lendKey.type, accepted)]))).toEqual([]);
    const back = answered(orderId, 'workshop.return', { kind: 'accepted', body: {} });
    expect(told(await workshop.pass([back]))).toEqual(['workshop.key-back on workshop.events']);
    expect((await progress(orderId))?.reactions).toMatchObject({ 'workshop.lend': { is: 'aborted' } });
  });

  test('of an order with a coordinator costs no look at reactions', async () => {
    const orderId = newOrder();
    await pass(messageOf(lendKey, orderId, { door: 'front' }));
    expect(touching('choreographed_order')).toBe(0);
    const result = await workshop.pass([answered(orderId, lendKey.type, accepted)]);
    expect(told(result)).toEqual(['workshop.lend.answered on orchestrator.replies']);
    expect(touching('choreographed_order')).toBe(0);
  });
});

describe('what is refused for now', () => {
  const timer = (orderId: string): Work => ({ kind: 'timer', lane, orderId });
  const refuse: OutsideAnswer = { kind: 'refused', code: 'NO_PAPER' };

  test('is tried again by its own timer, given up after so many attempts, and tried anew when an operator says so', async () => {
    const orderId = newOrder();
    await pass(heard(charged, orderId, {}));
    const now = new Date();
    const refused = await workshop.pass([answered(orderId, 'workshop.bill', refuse)], { now });
    const [{ at } = { at: null }] = refused.timers;
    expect(at!.getTime()).toBeGreaterThan(now.getTime());
    expect(await workshop.handler.claimed([lane], workshop.connection)).toEqual([{ lane, orderId, at }]);

    const early = await workshop.pass([timer(orderId)], { now: new Date(at!.getTime() - 50) });
    expect(early.timers).toEqual([{ lane, orderId, at }]);
    await workshop.pass([timer(orderId)], { now: at! });
    const again = { ...answered(orderId, 'workshop.bill', refuse) } as Work & { kind: 'submitted' };
    const second = { ...again, payload: { ...(again.payload as object), round: 2 } };
    const parked = await workshop.pass([second]);
    expect(parked.timers).toEqual([{ lane, orderId, at: null }]);
    expect(news.at(-1)).toEqual({ kind: 'parked', orderId, reason: 'workshop.bill: NO_PAPER' });
    const rows = 'SELECT parked, open FROM choreographed_order WHERE order_id = $1';
    expect(await workshop.rows(rows, [orderId])).toEqual([{ parked: 'workshop.bill: NO_PAPER', open: true }]);

    await pass(heard(asksAgain, orderId, {}));
    const third = {
      ...again,
      payload: {
        ...(again.payload as object),
        round: 3,
        answer: { kind: 'accepted', body: { number: '7' } },
      },
    };
    expect(told(await workshop.pass([third as Work]))).toEqual(['workshop.billed on workshop.events']);
    expect(await workshop.rows(rows, [orderId])).toEqual([{ parked: null, open: false }]);
  });

  test('a timer of an order that nobody reacts to is somebody else’s', async () => {
    expect((await workshop.pass([timer(newOrder())])).timers).toEqual([]);
  });
});

test('a reaction whose record somebody else holds is held with its event, and nothing of it is kept', async () => {
  const orderId = newOrder();
  const other = await workshop.connect();
  await other.query({ text: 'BEGIN' });
  await other.query({ text: `SELECT FROM shelf WHERE tool = 'saw' FOR UPDATE` });
  const work = inLane(heard(asked, orderId, { ...aRepair, tool: 'saw' }));
  const result = await workshop.pass([work], { locks: 'skip' });
  expect([result.hold, result.send, await progress(orderId)]).toEqual([[work], [], undefined]);
  await other.query({ text: 'ROLLBACK' });
  await other.end();
  expect(told(await workshop.pass([work]))).toEqual(['workshop.tool-taken on workshop.events']);
});

test('a pass has one load and one save for the reactions of all its orders, and none without an event', async () => {
  const events = Array.from({ length: 30 }, () => heard(asked, newOrder(), aRepair));
  await workshop.pass(events.map(inLane));
  expect(touching('choreographed_order')).toBe(2);
  expect(workshop.demand).toEqual(new Map([['hammer', 30]]));
  await workshop.pass([inLane(messageOf(takeTool, newOrder(), { tool: 'hammer', count: 1 }))]);
  expect(touching('choreographed_order')).toBe(0);
});
