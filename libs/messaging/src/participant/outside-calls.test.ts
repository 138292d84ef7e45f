import type { OutsideAnswer } from '@ballast/contracts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Work } from '../lanes/work.js';
import {
  type OutsideAttempt,
  type OutsideCallWorkerOptions,
  OutsideCallWorker,
  type OutsideParty,
} from './outside-calls.js';
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
