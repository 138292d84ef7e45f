import type { OutsideAnswer } from '@ballast/contracts';
import { BreakerOpen, BulkheadFull, RetryBudget } from '@ballast/resilience';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Work } from '../lanes/work.js';
import { type OutsideCallWorkerOptions, OutsideCallWorker } from './outside-calls.js';
import type { OutsideAttempt, OutsideParty } from './outside-party.js';
import type { OpenCall } from './tables.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const accepted: OutsideAnswer = { kind: 'accepted', body: { holdId: 'h1' } };
const never = () => new Promise<OutsideAnswer>(() => undefined);
const untilAborted: OutsideParty = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

const callOf = (number: number, more: Partial<OpenCall> = {}): OpenCall => ({
  orderId: `order-${number}`,
  operation: 'payment.authorize',
  lane: number % 2,
  call: { party: 'card-gateway', operation: 'hold', request: { amountCents: number } },
  round: 1,
  idempotencyKey: `order-${number}:payment.authorize`,
  attempt: 0,
  waitMs: 0,
  ...more,
});

function make(party: OutsideParty, options: Partial<OutsideCallWorkerOptions> = {}) {
  const attempts: (OutsideAttempt & { atMs: number })[] = [];
  const submitted: Work[] = [];
  const warned: object[] = [];
  const beganMs = Date.now();
  const worker = new OutsideCallWorker({
    party: attempt => {
      attempts.push({ ...attempt, atMs: Date.now() - beganMs });
      return party(attempt);
    },
    sink: { submit: work => submitted.push(work) > 0 },
    logger: { warn: ((context: object) => warned.push(context)) as never },
    random: () => 1,
    ...options,
  });
  return { worker, attempts, submitted, warned };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a call', () => {
  test('is made at once, and its definite answer goes to the loop', async () => {
    const { worker, attempts, submitted } = make(async () => accepted);
    worker.start([callOf(1)]);
    await settle();
    expect(attempts).toMatchObject([
      {
        party: 'card-gateway',
        operation: 'hold',
        request: { amountCents: 1 },
        idempotencyKey: 'order-1:payment.authorize',
        orderId: 'order-1',
        attempt: 1,
      },
    ]);
    expect(submitted).toEqual([
      {
        kind: 'submitted',
        lane: 1,
        orderId: 'order-1',
        payload: { kind: 'answered', operation: 'payment.authorize', round: 1, attempt: 1, answer: accepted },
      },
    ]);
    expect(worker.open).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that fails is made again for ever, the pauses doubling up to a maximum', async () => {
    const { worker, attempts } = make(() => Promise.reject(new Error('500')), {
      pauseMs: 100,
      pauseMaxMs: 1_000,
    });
    worker.start([callOf(1)]);
    await vi.advanceTimersByTimeAsync(5_600);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500, 4_500, 5_500]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(attempts.length).toBeGreaterThan(3_600);
    await worker.close();
  });

  test('that fails is made again after a pause that is half random', async () => {
    const pauses = [0, 0.5, 1].map(async random => {
      const { worker, attempts } = make(() => Promise.reject(new Error('500')), { random: () => random });
      worker.start([callOf(1)]);
      await vi.advanceTimersByTimeAsync(100);
      await worker.close();
      return attempts[1]?.atMs;
    });
    expect(await Promise.all(pauses)).toEqual([50, 75, 100]);
  });

  test('that throws at once, or is answered with no answer, has failed', async () => {
    for (const party of [
      () => {
        throw new Error('bug');
      },
      async () => ({ kind: 'maybe' }) as never,
      async () => undefined as never,
    ]) {
      const { worker, attempts, submitted } = make(party);
      worker.start([callOf(1)]);
      await vi.advanceTimersByTimeAsync(150);
      expect(attempts).toHaveLength(2);
      expect(submitted).toEqual([]);
      await worker.close();
    }
  });

  test('is given up when it takes too long, and the next attempt has a signal of its own', async () => {
    const { worker, attempts } = make(untilAborted, { attemptTimeoutMs: 1_000, pauseMs: 100 });
    worker.start([callOf(1)]);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(attempts).toHaveLength(2);
    expect(attempts[0]!.signal.aborted).toBe(true);
    expect(attempts[1]!.signal.aborted).toBe(false);
    await worker.close();
  });

  test('gives its place to another when the party ignores that it was told to give up', async () => {
    const { worker, attempts } = make(never, { attemptTimeoutMs: 1_000, graceMs: 500, concurrency: 1 });
    worker.start([callOf(1), callOf(2)]);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(attempts.map(({ orderId }) => orderId)).toEqual(['order-1']);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts.map(({ orderId }) => orderId)).toEqual(['order-1', 'order-2']);
    worker.drop([0, 1]);
  });

  test('uses an answer that comes while the attempt is being given up', async () => {
    const slow = () => new Promise<OutsideAnswer>(resolve => setTimeout(() => resolve(accepted), 1_200));
    const { worker, submitted } = make(slow, { attemptTimeoutMs: 1_000, graceMs: 500 });
    worker.start([callOf(1)]);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(submitted).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('hands over text that a database takes', async () => {
    const { worker, submitted } = make(async () => ({
      kind: 'refused',
      code: 'A\u0000B',
      detail: '\ud800 and 😀',
    }));
    worker.start([callOf(1)]);
    await settle();
    expect(submitted).toMatchObject([
      { payload: { answer: { kind: 'refused', code: 'A\uFFFDB', detail: '\uFFFD and 😀' } } },
    ]);
  });

  test('tells and stores the 4th, 8th, 16th attempt, and no other', async () => {
    const { worker, submitted, warned } = make(() => Promise.reject(new Error('500')), { pauseMaxMs: 100 });
    worker.start([callOf(1)]);
    await vi.advanceTimersByTimeAsync(100 * 20);
    expect(submitted.map(work => (work.kind === 'submitted' ? work.payload : null))).toEqual(
      [4, 8, 16].map(attempt => ({
        kind: 'attempted',
        operation: 'payment.authorize',
        round: 1,
        attempt,
        delayMs: 100,
      })),
    );
    expect(warned).toHaveLength(3);
    await worker.close();
  });
});

describe('many calls', () => {
  test('are under way as many at a time as allowed, and no more', async () => {
    let underWay = 0;
    let most = 0;
    const { worker, submitted } = make(
      async () => {
        most = Math.max(most, ++underWay);
        await new Promise(resolve => setTimeout(resolve, 10));
        underWay--;
        return accepted;
      },
      { concurrency: 8 },
    );
    worker.start(Array.from({ length: 100 }, (_, index) => callOf(index)));
    await vi.advanceTimersByTimeAsync(200);
    expect(most).toBe(8);
    expect(submitted).toHaveLength(100);
    expect(worker.open).toBe(0);
  });

  test('that pause keep none of the others waiting', async () => {
    const { worker, submitted } = make(
      ({ orderId }) => (orderId === 'order-9' ? Promise.resolve(accepted) : Promise.reject(new Error('500'))),
      { concurrency: 1, pauseMs: 10_000 },
    );
    worker.start([callOf(1), callOf(2), callOf(9)]);
    await settle();
    expect(submitted).toMatchObject([{ orderId: 'order-9' }]);
    await worker.close();
  });
});

describe('lanes', () => {
  test('that are dropped are not asked for any more, and what they answer is ignored', async () => {
    let answer = (_: OutsideAnswer): void => undefined;
    const { worker, attempts, submitted } = make(({ orderId, signal }) =>
      orderId === 'order-1'
        ? new Promise(resolve => (answer = resolve))
        : untilAborted({ signal } as OutsideAttempt),
    );
    worker.start([callOf(1), callOf(2), callOf(3, { waitMs: 50 })]);
    await settle();
    worker.drop([1]);
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    answer(accepted);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(submitted).toEqual([]);
    expect(attempts).toHaveLength(2);
    expect(worker.open).toBe(1);
    await worker.close();
  });

  test('that are claimed begin with what is open, and after the pause that is left', async () => {
    const { worker, attempts } = make(untilAborted);
    worker.takeOver([0, 1], [callOf(1), callOf(2, { attempt: 8, waitMs: 700 })]);
    await vi.advanceTimersByTimeAsync(699);
    expect(attempts.map(({ orderId, attempt }) => [orderId, attempt])).toEqual([['order-1', 1]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts.map(({ orderId, attempt }) => [orderId, attempt]).at(-1)).toEqual(['order-2', 9]);
    await worker.close();
  });

  test('that are claimed again go on with what is under way, and forget what is not open any more', async () => {
    const { worker, attempts } = make(untilAborted);
    worker.start([callOf(1), callOf(3)]);
    worker.takeOver([0, 1], [callOf(1)]);
    await settle();
    expect(attempts.map(({ orderId, signal }) => [orderId, signal.aborted])).toEqual([
      ['order-1', false],
      ['order-3', true],
    ]);
    await worker.close();
  });

  test('whose claim is not proved yet get their answers a little later, without another call', async () => {
    let proved = false;
    const submitted: Work[] = [];
    const { worker, attempts } = make(async () => accepted, {
      sink: { submit: work => proved && submitted.push(work) > 0 },
    });
    worker.takeOver([0, 1], [callOf(1)]);
    await vi.advanceTimersByTimeAsync(550);
    expect(worker.open).toBe(1);
    proved = true;
    await vi.advanceTimersByTimeAsync(100);
    expect(submitted).toHaveLength(1);
    expect(attempts).toHaveLength(1);
    expect(worker.open).toBe(0);
  });
});

describe('closing', () => {
  test('gives up what is under way, waits for it, and begins nothing more', async () => {
    const { worker, attempts, submitted } = make(untilAborted, { concurrency: 1 });
    worker.start([callOf(1), callOf(2), callOf(3, { waitMs: 50 })]);
    await settle();
    await worker.close();
    worker.start([callOf(4)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toHaveLength(1);
    expect(submitted).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not wait for a party that ignores it, longer than the grace', async () => {
    const { worker } = make(never, { graceMs: 300 });
    worker.start([callOf(1)]);
    const closed = vi.fn();
    void worker.close().then(closed);
    await vi.advanceTimersByTimeAsync(299);
    expect(closed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toHaveBeenCalled();
  });
});

describe('a call that a policy refuses', () => {
  const refusing = (times: number, retryAfterMs?: number): OutsideParty => {
    let left = times;
    return async () => {
      if (left-- > 0) throw new BreakerOpen('the circuit is open', 'card-gateway', retryAfterMs);
      return accepted;
    };
  };

  test('was not made: it comes again when it is told to, with no attempt counted and under its key', async () => {
    const { worker, attempts, submitted, warned } = make(refusing(20, 2_000), { refusedPauseMs: 500 });
    worker.start([callOf(1)]);
    await settle();
    await vi.advanceTimersByTimeAsync(2_499);
    expect(attempts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toHaveLength(21);
    expect(new Set(attempts.map(({ attempt, idempotencyKey }) => `${attempt} ${idempotencyKey}`))).toEqual(
      new Set(['1 order-1:payment.authorize']),
    );
    expect(warned).toEqual([]);
    expect(submitted).toMatchObject([{ payload: { kind: 'answered', attempt: 1, answer: accepted } }]);
  });

  test('makes room for another one meanwhile', async () => {
    const party: OutsideParty = async ({ operation }) => {
      if (operation === 'hold') throw new BulkheadFull('full', 'card-gateway');
      return accepted;
    };
    const { worker, submitted } = make(party, { concurrency: 1 });
    const capture = { party: 'card-gateway', operation: 'capture', request: {} };
    worker.start([callOf(1), callOf(2, { call: capture })]);
    await settle();
    expect(submitted).toMatchObject([{ orderId: 'order-2' }]);
    await worker.close();
  });
});

describe('a budget', () => {
  const failing = () => Promise.reject(new Error('500'));
  const clock = { epochMs: () => Date.now(), elapsedMs: () => Date.now(), after: () => undefined as never };

  test('bounds how often calls are made again; those that have to wait count no attempt', async () => {
    const budget = new RetryBudget({ ratio: 0.1, perSecond: 0, savedMax: 10 }, clock);
    const { worker, attempts } = make(failing, { budget });
    worker.start(Array.from({ length: 200 }, (_, index) => callOf(index)));
    await vi.advanceTimersByTimeAsync(600_000);
    // One for each, those that were saved at first, and one for each ten.
    expect(attempts.length).toBeGreaterThanOrEqual(210);
    expect(attempts.length).toBeLessThanOrEqual(230);
    await worker.close();
  });

  test('without one every call is made again and again', async () => {
    const { worker, attempts } = make(failing);
    worker.start(Array.from({ length: 200 }, (_, index) => callOf(index)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts.length).toBeGreaterThan(2_000);
    await worker.close();
  });

  test('is not used up by calls that are answered when they are made again', async () => {
    const budget = new RetryBudget({ ratio: 0, perSecond: 0, savedMax: 2 }, clock);
    let isAway = true;
    const party: OutsideParty = () => (isAway ? failing() : Promise.resolve(accepted));
    const { worker, submitted } = make(party, { budget, pauseMs: 50 });
    worker.start(Array.from({ length: 100 }, (_, index) => callOf(index)));
    await settle();
    isAway = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(submitted).toHaveLength(100);
    expect(budget.saved).toBe(2);
  });
});

describe('a deadline', () => {
  const deadline = () => new Date(Date.now() + 10_000);
  const away: OutsideParty = async () => {
    throw new BreakerOpen('the circuit is open', 'card-gateway', 3_000);
  };
  const unmade = { kind: 'refused', code: 'DEADLINE_PASSED' };

  test('is told to the party', async () => {
    const { worker, attempts } = make(async () => accepted);
    const due = deadline();
    worker.start([callOf(1, { deadline: due })]);
    await settle();
    expect(attempts[0]!.deadline).toEqual(due);
  });

  test('that passes before a call could be made: it is not made, and answered a moment later', async () => {
    const { worker, attempts, submitted } = make(away, { deadlineGraceMs: 1_000 });
    worker.start([callOf(1, { deadline: deadline() })]);
    await vi.advanceTimersByTimeAsync(10_999);
    expect([attempts.length, submitted.length]).toEqual([3, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(submitted).toMatchObject([{ payload: { kind: 'answered', attempt: 0, answer: unmade } }]);
    expect([worker.open, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('that passed when the call came: it is not made at all', async () => {
    const { worker, attempts, submitted } = make(async () => accepted);
    worker.start([callOf(1, { deadline: new Date(Date.now() - 1) })]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts).toEqual([]);
    expect(submitted).toMatchObject([{ payload: { answer: unmade } }]);
  });

  test('holds on as long as nothing can have happened', async () => {
    const busy = Object.assign(new Error('busy'), { errorClass: 'transient' });
    const { worker, submitted } = make(() => Promise.reject(busy));
    worker.start([callOf(1, { deadline: deadline() })]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(submitted.at(-1)).toMatchObject({ payload: { answer: unmade } });
  });

  test('means nothing any more once the call may have taken effect: its outcome has to be found out', async () => {
    let asked = 0;
    const party: OutsideParty = async () => {
      if (++asked === 1) throw new Error('connection reset');
      if (asked < 8) throw new BreakerOpen('the circuit is open', 'card-gateway', 3_000);
      return accepted;
    };
    const { worker, attempts, submitted } = make(party);
    worker.start([callOf(1, { deadline: deadline() })]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(submitted).toMatchObject([{ payload: { attempt: 2, answer: accepted } }]);
    expect(attempts.slice(1).map(attempt => attempt.deadline)).toEqual(Array(7).fill(null));
  });

  test('of a call that another replica may have made means nothing either', async () => {
    const { worker, attempts } = make(async () => accepted);
    worker.takeOver([0, 1], [callOf(1, { deadline: new Date(0) })]);
    await settle();
    expect(attempts).toHaveLength(1);
  });
});
