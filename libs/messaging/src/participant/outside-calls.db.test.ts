import type { OutsideAnswer } from '@ballast/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PoisonedWork, type Work } from '../lanes/work.js';
import { OutsideCallWorker } from './outside-calls.js';
import type { OutsideAttempt } from './outside-party.js';
import { inLane, lane, messageOf, newOrder, told, Workshop } from './passes.fixture.js';
import { doJob, lendKey, returnKey, sendBill } from './workshop.fixture.js';

let workshop: Workshop;
let order: string;
let worker: OutsideCallWorker;
/** What the worker has handed to the loop. */
let submitted: Work[];
/** Calls that the porter has heard and not answered yet. */
let heard: (OutsideAttempt & { answer(answer: OutsideAnswer): void; fail(): void })[];

beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());
beforeEach(async () => {
  // What other tests left open would be taken over as well.
  await workshop.rows('DELETE FROM outbound_call');
  order = newOrder();
  workshop.alarms.length = 0;
  start();
});
afterEach(() => worker.close());

/** A process: what it remembers ends with it. */
function start(): void {
  const mine: Work[] = (submitted = []);
  const mineHeard: typeof heard = (heard = []);
  worker = new OutsideCallWorker({
    party: call =>
      new Promise((resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(new Error('aborted')));
        mineHeard.push({ ...call, answer: resolve, fail: () => reject(new Error('cut off')) });
      }),
    sink: { submit: work => mine.push(work) > 0 },
    logger: { warn: () => undefined },
    // Longer than a test: an attempt that is given up is made again, and counted.
    attemptTimeoutMs: 60_000,
    pauseMs: 1,
    pauseMaxMs: 2,
  });
  workshop.handlerWith(worker);
}

const lend = (attempt = 1) => messageOf(lendKey, order, { door: 'cellar' }, { attempt });
const giveBack = (attempt = 1) => messageOf(returnKey, order, {}, { attempt });
const job = (minutes = 5) => messageOf(doJob, order, { minutes });
const bill = (attempt = 1) => messageOf(sendBill, order, {}, { attempt });

const yes: OutsideAnswer = { kind: 'accepted', body: { key: 'k1', number: 'n1' } };
const no: OutsideAnswer = { kind: 'refused', code: 'ASLEEP', detail: 'come back tomorrow' };

/** The porter answers what he was asked last, and the loop takes it up in a pass. */
async function answered(answer: OutsideAnswer): Promise<string[]> {
  heard.at(-1)!.answer(answer);
  await until(() => submitted.length === 1);
  return told(await workshop.pass(submitted.splice(0)));
}

const until = (holds: () => boolean) => expect.poll(holds, { interval: 2 }).toBe(true);

const calls = () =>
  workshop.rows<{ operation: string; status: string; round: number; idempotency_key: string }>(
    'SELECT operation, status, round, idempotency_key FROM outbound_call WHERE order_id = $1 ORDER BY created_at',
    [order],
  );

describe('an outside call', () => {
  test('is recorded with the decision, made after the commit, and answered in a later pass', async () => {
    expect(await workshop.answers(lend())).toEqual([]);
    expect(await calls()).toEqual([
      { operation: 'workshop.lend', status: 'open', round: 1, idempotency_key: `${order}:workshop.lend` },
    ]);
    expect(heard).toMatchObject([
      {
        party: 'porter',
        operation: 'lend',
        request: { door: 'cellar' },
        idempotencyKey: `${order}:workshop.lend`,
        orderId: order,
        attempt: 1,
      },
    ]);
    expect(await answered(yes)).toEqual(['lend 1: done']);
    expect(await calls()).toMatchObject([{ status: 'answered' }]);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.lend': 'answered' });
    expect(await workshop.lines(order)).toEqual(['asked for cellar', 'lent']);
    expect(worker.open).toBe(0);
  });

  test('is not made when its pass is rolled back', async () => {
    const poison = inLane(messageOf({ type: 'workshop.burn' }, newOrder(), {}));
    await expect(workshop.pass([inLane(lend()), poison])).rejects.toThrow(PoisonedWork);
    expect(worker.open).toBe(0);
    expect(await calls()).toEqual([]);
  });

  test('is made once, however often the command comes; the newest attempt is answered', async () => {
    await workshop.answers(lend(1), lend(2));
    await workshop.answers(lend(3));
    expect(heard).toHaveLength(1);
    expect(await answered(yes)).toEqual(['lend 3: done']);
    expect(await workshop.answers(lend(4))).toEqual(['lend 4: done']);
    expect(heard).toHaveLength(1);
  });

  test('that is refused rejects what may be rejected', async () => {
    await workshop.answers(lend());
    expect(await answered(no)).toEqual(['lend 1: NO_KEY']);
    expect(await workshop.answers(lend(2))).toEqual(['lend 2: NO_KEY']);
  });

  test('that gets no answer is asked again under the same key', async () => {
    await workshop.answers(lend());
    heard[0]!.fail();
    await until(() => heard.length === 2);
    heard[1]!.fail();
    await until(() => heard.length === 3);
    expect(new Set(heard.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(heard.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(await answered(yes)).toEqual(['lend 1: done']);
  });

  test('of what must finish is asked anew, under a key of its own, after each refusal', async () => {
    await workshop.answers(bill(1));
    expect(await answered(no)).toEqual(['bill 1: ASLEEP']);
    expect(await workshop.answers(bill(2))).toEqual([]);
    expect(await answered(no)).toEqual(['bill 2: ASLEEP']);
    expect(await workshop.answers(bill(3))).toEqual([]);
    expect(await answered(yes)).toEqual(['bill 3: done']);
    const key = `${order}:workshop.bill`;
    expect(heard.map(({ idempotencyKey }) => idempotencyKey)).toEqual([key, `${key}:2`, `${key}:3`]);
  });

  test('of what must finish is asked anew, when the refusal and the next attempt come in one pass', async () => {
    await workshop.answers(bill(1));
    heard[0]!.answer(no);
    await until(() => submitted.length === 1);
    expect(told(await workshop.pass([...submitted.splice(0), inLane(bill(2))]))).toEqual(['bill 1: ASLEEP']);
    expect(await calls()).toMatchObject([{ status: 'open', round: 2 }]);
    expect(await answered(yes)).toEqual(['bill 2: done']);
  });

  test('that is open is never replaced, though its barrier is gone: the message is poison', async () => {
    await workshop.answers(lend(1));
    await workshop.rows('DELETE FROM barrier WHERE order_id = $1', [order]);
    await expect(workshop.answers(lend(2))).rejects.toThrow(/open outside call already/);
    expect(await calls()).toMatchObject([{ status: 'open', round: 1 }]);
  });

  test('whose answer nobody waits for, as the barrier is gone, is poison and stays open', async () => {
    await workshop.answers(lend(1));
    await workshop.rows('DELETE FROM barrier WHERE order_id = $1', [order]);
    await expect(answered(yes)).rejects.toThrow(/does not wait for it/);
    expect(await calls()).toMatchObject([{ status: 'open', round: 1 }]);
  });

  test('stores how often it was asked, now and then', async () => {
    await workshop.answers(lend());
    for (let times = 1; times <= 4; times++) {
      await until(() => heard.length === times);
      heard.at(-1)!.fail();
    }
    await until(() => submitted.length === 1);
    expect(told(await workshop.pass(submitted.splice(0)))).toEqual([]);
    expect(
      await workshop.rows(
        "SELECT attempt, next_at > now() - interval '1 min' AS soon, status FROM outbound_call WHERE order_id = $1",
        [order],
      ),
    ).toEqual([{ attempt: 4, soon: true, status: 'open' }]);
  });
});

describe('an undo', () => {
  test('that finds its do waiting is answered when the call was answered and has been reversed', async () => {
    await workshop.answers(lend());
    expect(await workshop.answers(giveBack(1), lend(2), giveBack(2))).toEqual([]);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.lend': 'waiting' });
    expect(await answered(yes)).toEqual([]);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.lend': 'undoing' });
    expect(heard.map(({ operation }) => operation)).toEqual(['lend', 'return']);
    expect(await answered(yes)).toEqual(['lend 2: aborted', 'return 2: done']);
    expect(await workshop.answers(lend(3), giveBack(3))).toEqual(['lend 3: aborted', 'return 3: done']);
    expect(await workshop.lines(order)).toEqual(['asked for cellar', 'lent', 'returning', 'returned']);
  });

  test('that finds its do waiting has nothing to reverse when the party refuses', async () => {
    await workshop.answers(lend(), giveBack());
    expect(await answered(no)).toEqual(['lend 1: aborted', 'return 1: done']);
    expect(heard).toHaveLength(1);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.lend': 'tombstone' });
  });

  test('that the party refuses is refused for now, and reversed at the next attempt', async () => {
    await workshop.answers(lend());
    await answered(yes);
    await workshop.answers(giveBack(1));
    expect(await answered(no)).toEqual(['return 1: ASLEEP']);
    expect(await workshop.answers(lend(2))).toEqual(['lend 2: done']);
    await workshop.answers(giveBack(2));
    expect(await answered(yes)).toEqual(['return 2: done']);
  });

  test('waits for another operation’s call, and is too late when that succeeds', async () => {
    await workshop.answers(lend());
    await answered(yes);
    expect(await workshop.answers(job(), giveBack())).toEqual([]);
    expect(await answered(yes)).toEqual(['job 1: done', 'return 1: TOO_LATE']);
    expect(await workshop.barrier(order)).toEqual({
      'workshop.lend': 'answered',
      'workshop.job': 'answered',
    });
  });

  test('waits for another operation’s call, and reverses when that is refused', async () => {
    await workshop.answers(lend());
    await answered(yes);
    await workshop.answers(job());
    expect(await workshop.answers(giveBack())).toEqual([]);
    expect(await answered(no)).toEqual(['job 1: BOTCHED']);
    expect(heard.map(({ operation }) => operation)).toEqual(['lend', 'open', 'return']);
    expect(await answered(yes)).toEqual(['return 1: done']);
  });
});

describe('a wait', () => {
  test('is decided again once the order’s open call is answered', async () => {
    expect(await workshop.answers(lend(), job())).toEqual([]);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.lend': 'waiting', 'workshop.job': 'waiting' });
    expect(await answered(yes)).toEqual(['lend 1: done']);
    expect(heard.map(({ operation }) => operation)).toEqual(['lend', 'open']);
    expect(await answered(yes)).toEqual(['job 1: done']);
  });

  test('for no open call at all would last for ever: the message is poison', async () => {
    await expect(workshop.answers(job(0))).rejects.toThrow(/no outside call of the order is open/);
  });
});

describe('the next owner of the lane', () => {
  test('asks again what is open, under the same keys, and answers what was waiting', async () => {
    await workshop.answers(lend(), giveBack());
    await worker.close();
    start();
    await claim();
    expect(heard).toMatchObject([{ idempotencyKey: `${order}:workshop.lend`, request: { door: 'cellar' } }]);
    expect(await answered(yes)).toEqual([]);
    expect(heard.map(({ operation }) => operation)).toEqual(['lend', 'return']);
  });

  test('asks again what was answered to one that died before the answer was committed', async () => {
    await workshop.answers(lend());
    heard[0]!.answer(yes);
    await until(() => submitted.length === 1);
    start();
    await claim();
    expect(await answered(yes)).toEqual(['lend 1: done']);
    await claim();
    expect(worker.open).toBe(0);
  });

  test('asks nothing of other lanes', async () => {
    await workshop.answers(lend());
    await worker.close();
    start();
    await claim([lane + 1]);
    expect(worker.open).toBe(0);
  });

  test('a lane that is dropped is not asked for any more', async () => {
    await workshop.answers(lend());
    const { signal } = heard[0]!;
    workshop.handler.dropped([lane + 1]);
    expect(signal.aborted).toBe(false);
    workshop.handler.dropped([lane]);
    expect(signal.aborted).toBe(true);
    expect(worker.open).toBe(0);
  });

  const claim = (lanes = [lane]) => workshop.handler.claimed(lanes, workshop.connection);
});

describe('an outside answer that comes twice', () => {
  const twice = (first: OutsideAnswer, second: OutsideAnswer): [Work, Work] =>
    [first, second].map((answer, index) => ({
      kind: 'submitted',
      lane,
      orderId: order,
      payload: { kind: 'answered', operation: 'workshop.lend', round: 1, attempt: index + 1, answer },
    })) as [Work, Work];

  test.each(['one pass', 'two passes'])('is taken once, in %s', async how => {
    await workshop.answers(lend());
    const [first, second] = twice(yes, structuredClone(yes));
    const results =
      how === 'one pass'
        ? [await workshop.pass([first, second])]
        : [await workshop.pass([first]), await workshop.pass([second])];
    expect(results.flatMap(told)).toEqual(['lend 1: done']);
    expect(workshop.alarms).toEqual([]);
  });

  test.each(['one pass', 'two passes'])('and differs alarms, in %s; the first one counts', async how => {
    await workshop.answers(lend());
    const [first, second] = twice(yes, no);
    if (how === 'one pass') await workshop.pass([first, second]);
    else for (const work of [first, second]) await workshop.pass([work]);
    expect(workshop.alarms).toEqual([
      { kind: 'contradicting-answers', orderId: order, operation: 'workshop.lend', first: yes, second: no },
    ]);
    expect(await workshop.answers(lend(2))).toEqual(['lend 2: done']);
  });

  test('from a call before the one that is open is not taken for its answer', async () => {
    await workshop.answers(bill(1));
    await answered(no);
    await workshop.answers(bill(2));
    const [stale] = twice(yes, yes);
    const payload = { kind: 'answered', operation: 'workshop.bill', round: 1, attempt: 1, answer: yes };
    expect(told(await workshop.pass([{ ...stale, payload } as Work]))).toEqual([]);
    expect(await workshop.barrier(order)).toEqual({ 'workshop.bill': 'waiting' });
  });
});
