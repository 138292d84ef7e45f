import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PoisonedWork } from '../lanes/work.js';
import type { Message } from '../message.js';
import { BusinessSaveFailed, inLane, lane, messageOf, newOrder, told, Workshop } from './passes.fixture.js';
import { giveToolBack, takeTool } from './workshop.fixture.js';

let workshop: Workshop;
let order: string;

beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());
beforeEach(async () => {
  order = newOrder();
  workshop.alarms.length = 0;
  workshop.handlerWith(null);
  await workshop.rows(
    `UPDATE shelf SET "left" = CASE tool WHEN 'cleaning' THEN 0 WHEN 'drill' THEN 1 ELSE 1000 END`,
  );
});

const take = (attempt = 1, attributes: Partial<Message> = {}) =>
  messageOf(takeTool, order, { tool: 'hammer', count: 2 }, { attempt, ...attributes });
const giveBack = (attempt = 1) => messageOf(giveToolBack, order, {}, { attempt });

describe('a command', () => {
  test('is decided, saved and answered to the saga that asked, within its trace', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { send } = await workshop.pass([inLane(take(7, { traceparent, tracestate: 'x=1' }))]);
    expect(send).toEqual([
      {
        topic: 'orchestrator.replies',
        message: {
          id: expect.stringMatching(/^[0-9a-f-]{14}7/),
          type: 'workshop.take.answered',
          source: '/workshop',
          time: expect.stringMatching(/Z$/),
          subject: order,
          data: { outcome: 'done', reply: { left: 998, note: '' } },
          sagaid: `saga-${order}`,
          step: 'a step',
          attempt: 7,
          traceparent,
          tracestate: 'x=1',
        },
      },
    ]);
    expect(await workshop.left('hammer')).toBe(998);
    expect(await workshop.lines(order)).toEqual(['took 2 hammer']);
    expect(await workshop.rows('SELECT record FROM job WHERE order_id = $1', [order])).toEqual([
      { record: { tool: 'hammer', count: 2, key: 'none', job: 'open' } },
    ]);
  });

  test('that comes again gets its stored answer, and nothing is decided anew', async () => {
    const first = await workshop.pass([inLane(take(1))]);
    const second = await workshop.pass([inLane(take(2)), inLane(take(3))]);
    expect(second.send.map(({ message }) => message.data)).toEqual(
      Array(2).fill(first.send[0]!.message.data),
    );
    expect(second.send.map(({ message }) => message.attempt)).toEqual([2, 3]);
    expect(await workshop.left('hammer')).toBe(998);
  });

  test('that was rejected is rejected again, though it could be done now', async () => {
    const drills = (attempt: number) => messageOf(takeTool, order, { tool: 'drill', count: 2 }, { attempt });
    expect(await workshop.answers(drills(1))).toEqual(['take 1: NONE_LEFT']);
    await workshop.rows(`UPDATE shelf SET "left" = 5 WHERE tool = 'drill'`);
    expect(await workshop.answers(drills(2))).toEqual(['take 2: NONE_LEFT']);
    expect(await workshop.left('drill')).toBe(5);
  });

  test('naming a record that does not exist is decided without it', async () => {
    expect(await workshop.answers(messageOf(takeTool, order, { tool: 'spoon', count: 1 }))).toEqual([
      'take 1: UNKNOWN_TOOL',
    ]);
  });

  test('past its deadline is aborted for good, and its undo succeeds with nothing to do', async () => {
    const deadline = new Date(Date.now() - 1).toISOString();
    expect(await workshop.answers(take(1, { deadline }), take(2), giveBack())).toEqual([
      'take 1: aborted',
      'take 2: aborted',
      'give-back 1: done',
    ]);
    expect(await workshop.left('hammer')).toBe(1000);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.take': 'tombstone' });
  });
});

describe('do and undo', () => {
  test.each(['one batch', 'batches of their own'])(
    'with doubles of both, in %s, leave nothing behind',
    async how => {
      const messages = [take(1), take(2), giveBack(1), giveBack(2), take(3)];
      const answers =
        how === 'one batch'
          ? await workshop.answers(...messages)
          : (await inTurn(messages, message => workshop.answers(message))).flat();
      expect(answers).toEqual([
        'take 1: done',
        'take 2: done',
        'give-back 1: done',
        'give-back 2: done',
        'take 3: aborted',
      ]);
      expect(await workshop.left('hammer')).toBe(1000);
      expect(await workshop.barrier(order)).toEqual({ 'workshop.take': 'undone' });
      expect(await workshop.lines(order)).toEqual(['took 2 hammer', 'gave back 2 hammer']);
    },
  );

  test.each(['one batch', 'batches of their own'])('the undo first, in %s, do nothing', async how => {
    const messages = [giveBack(), take()];
    const answers =
      how === 'one batch'
        ? await workshop.answers(...messages)
        : (await inTurn(messages, message => workshop.answers(message))).flat();
    expect(answers).toEqual(['give-back 1: done', 'take 1: aborted']);
    expect(await workshop.left('hammer')).toBe(1000);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.take': 'tombstone' });
  });

  test('of many orders in one batch all count', async () => {
    const orders = Array.from({ length: 200 }, newOrder);
    const takes = orders.map(id => messageOf(takeTool, id, { tool: 'hammer', count: 1 }));
    const undos = orders.slice(0, 50).map(id => messageOf(giveToolBack, id, {}));
    await workshop.answers(...takes, ...undos);
    expect(await workshop.left('hammer')).toBe(1000 - 150);
    expect(workshop.demand?.get('hammer')).toBe(200);
  });

  test('an undo that finds a record and no barrier alarms, and undoes', async () => {
    await workshop.answers(take());
    await workshop.rows('DELETE FROM barrier WHERE order_id = $1', [order]);
    expect(await workshop.answers(giveBack())).toEqual(['give-back 1: done']);
    expect(await workshop.left('hammer')).toBe(1000);
    expect(workshop.alarms).toEqual([
      { kind: 'undo-without-barrier', orderId: order, operation: 'workshop.give-back' },
    ]);
  });
});

describe('a message that cannot be handled is named, and nothing of the pass is kept', () => {
  test.each([
    [
      'of an unknown type',
      () => messageOf({ type: 'workshop.burn' }, order, {}),
      /workshop.burn is not handled here/,
    ],
    [
      'with invalid data',
      () => messageOf(takeTool, order, { tool: 'hammer', count: 0.5 }),
      /workshop.take .* count/,
    ],
    ['with no data', () => messageOf(takeTool, order, undefined), /workshop.take .* is not valid/],
    [
      'for no order id',
      () => messageOf(takeTool, 'order-1', { tool: 'hammer', count: 1 }),
      /not an order id/,
    ],
    [
      'for an order id in another spelling',
      () => take(1, { subject: order.toUpperCase() }),
      /not an order id/,
    ],
    ['with a deadline that is no time', () => take(1, { deadline: 'soon' }), /deadline/],
    [
      'whose decision throws',
      () => messageOf(takeTool, order, { tool: 'dropped on the floor', count: 1 }),
      /clang/,
    ],
  ])('%s', async (_, poison, reason) => {
    const good = messageOf(takeTool, newOrder(), { tool: 'hammer', count: 1 });
    const bad = inLane(poison());
    const error = await workshop.pass([inLane(good), bad]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PoisonedWork);
    expect([...(error as PoisonedWork).causes.keys()]).toEqual([bad]);
    expect(String((error as PoisonedWork).causes.get(bad))).toMatch(reason);
    expect(await workshop.left('hammer')).toBe(1000);
    expect(await workshop.barrier(good.subject)).toEqual({});
  });

  test('a timer, which no participant has set', async () => {
    await expect(workshop.pass([{ kind: 'timer', lane, orderId: order }])).rejects.toThrow(PoisonedWork);
  });

  test('one that holds what PostgreSQL refuses fails the business save, with the error that was the cause', async () => {
    const bad = messageOf(takeTool, order, { tool: 'hammer', count: 1, note: 'a\u0000b' });
    const error = await workshop.pass([inLane(bad)]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BusinessSaveFailed);
    // Not 25P02, which the statements behind the failed one get.
    expect((error as Error).message).toBe('22021');
    expect(await workshop.left('hammer')).toBe(1000);
  });
});

describe('records that somebody else has locked', () => {
  test('hold their messages and what follows of these orders; the others are handled', async () => {
    const other = newOrder();
    const undone = newOrder();
    await workshop.answers(messageOf(takeTool, undone, { tool: 'saw', count: 1 }));
    const blocked = [take(1), take(2), giveBack()].map(inLane);
    const free = inLane(messageOf(takeTool, other, { tool: 'saw', count: 1 }));
    const tombstone = inLane(messageOf(giveToolBack, newOrder(), {}));

    const release = await lock('hammer');
    const result = await workshop.pass([blocked[0]!, free, blocked[1]!, tombstone, blocked[2]!], {
      locks: 'skip',
    });
    await release();
    expect(result.hold).toEqual(blocked);
    expect(told(result)).toEqual(['take 1: done', 'give-back 1: done']);
    expect(await workshop.barrier(order)).toEqual({});

    expect(told(await workshop.pass(blocked))).toEqual(['take 1: done', 'take 2: done', 'give-back 1: done']);
    expect(await workshop.left('hammer')).toBe(1000);
  });

  test('do not hold a message that has its stored answer', async () => {
    await workshop.answers(take());
    const release = await lock('hammer');
    const result = await workshop.pass([inLane(take(2))]);
    await release();
    expect(told(result)).toEqual(['take 2: done']);
  });

  test('strike while waiting as a lock timeout, which the loop sees', async () => {
    const release = await lock('hammer');
    await expect(workshop.pass([inLane(take())])).rejects.toMatchObject({ code: '55P03' });
    await release();
  });

  test('that only the undo names, in one batch with its do, are loaded and locked when it comes to it', async () => {
    expect(await workshop.answers(take(), giveBack())).toEqual(['take 1: done', 'give-back 1: done']);
    expect(workshop.demand).toEqual(
      new Map([
        ['hammer', 1],
        ['cleaning', 1],
      ]),
    );
    expect(await workshop.left('cleaning')).toBe(2);

    order = newOrder();
    const release = await lock('cleaning');
    const undo = inLane(giveBack());
    const result = await workshop.pass([inLane(take()), undo], { locks: 'skip' });
    await release();
    expect(told(result)).toEqual(['take 1: done']);
    expect(result.hold).toEqual([undo]);
  });

  async function lock(tool: string): Promise<() => Promise<void>> {
    const somebody = await workshop.connect();
    await somebody.query({ text: 'BEGIN' });
    await somebody.query({ text: 'SELECT FROM shelf WHERE tool = $1 FOR UPDATE', values: [tool] });
    return () => somebody.end();
  }
});

describe('what it costs', () => {
  test('one statement for each table that a pass reads, and one for each that it changes', async () => {
    const orders = Array.from({ length: 20 }, newOrder);
    await workshop.answers(...orders.map(id => messageOf(takeTool, id, { tool: 'saw', count: 1 })));
    expect(workshop.statements.map(text => /(?:FROM|INTO|UPDATE) (\w+)/.exec(text)![1])).toEqual([
      ...['job', 'barrier', 'shelf'],
      ...['job', 'shelf', 'line', 'barrier'],
    ]);
  });

  test('an answer that is stored costs no write', async () => {
    await workshop.answers(take());
    await workshop.answers(take(2));
    expect(workshop.statements).toHaveLength(2);
  });

  test('a barrier is updated in place (HOT), when one order in five is undone', async () => {
    const orders = Array.from({ length: 100 }, newOrder);
    const before = await updates();
    await workshop.answers(...orders.map(id => messageOf(takeTool, id, { tool: 'saw', count: 1 })));
    await workshop.answers(
      ...orders.filter((_, index) => index % 5 === 0).map(id => messageOf(giveToolBack, id, {})),
    );
    const after = await updates();
    expect(after.all - before.all).toBe(20);
    expect(after.hot - before.hot).toBe(20);
  });

  async function updates(): Promise<{ all: number; hot: number }> {
    await workshop.rows('SELECT pg_stat_force_next_flush()');
    const [row] = await workshop.rows<{ all: number; hot: number }>(
      `SELECT n_tup_upd AS "all", n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = 'barrier'`,
    );
    return row!;
  }
});

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
