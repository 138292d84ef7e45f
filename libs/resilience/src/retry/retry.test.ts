import { describe, expect, test } from 'vitest';
import { classify } from '../errors/classify.js';
import { BreakerOpen } from '../errors/refused.js';
import type { ResilienceEvent } from '../policy/events.js';
import { pipeline } from '../pipeline/pipeline.js';
import { bug, ControlledWork, outcomeOf, rejected, transient, unclear } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { RetryBudget } from './retry-budget.js';
import { Retry, type RetryConfiguration } from './retry.js';

const numbers = { attemptsMax: 4, baseMs: 100, maxMs: 1_000 };

/** Jitter as long as it can be, so that the times are plain. */
function retrying(given: Partial<RetryConfiguration> = {}, options: { budget?: RetryBudget } = {}) {
  const clock = new VirtualClock();
  const line = pipeline('carrier', [{ policy: 'retry', ...numbers, ...given }], {
    clock,
    random: () => 1,
    ...options,
  });
  const events: ResilienceEvent[] = [];
  line.subscribe(event => events.push(event));
  return { clock, line, events };
}

/** Fails with these in turn, and then answers. */
function failing(...errors: unknown[]) {
  const attempts: number[] = [];
  const work = ({ attempt }: { attempt: number }) => {
    attempts.push(attempt);
    const error = errors.shift();
    return error === undefined ? Promise.resolve('answer') : Promise.reject(error as Error);
  };
  return { attempts, work };
}

describe('a transient error', () => {
  test('is asked again after a pause that doubles', async () => {
    const { clock, line, events } = retrying();
    const { attempts, work } = failing(transient(), transient(), transient());
    const outcome = outcomeOf(line.run(work));
    await clock.advance(99);
    expect(attempts).toEqual([1]);
    await clock.advance(1 + 200 + 400);
    expect([outcome.value, attempts]).toEqual(['answer', [1, 2, 3, 4]]);
    const pauses = events.flatMap(event => (event.kind === 'retry' ? [event.delayMs] : []));
    expect(pauses).toEqual([100, 200, 400]);
  });

  test('is the answer after the last attempt', async () => {
    const { clock, line, events } = retrying();
    const last = transient();
    const { attempts, work } = failing(transient(), transient(), transient(), last);
    const outcome = outcomeOf(line.run(work));
    await clock.advance(10_000);
    expect([outcome.error, attempts.length]).toEqual([last, 4]);
    expect(outcome.error).toBe(last);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'given-up', why: 'attempts', attempt: 4 }));
  });

  test('is not asked again before the time that the dependency asks for', async () => {
    const { clock, line } = retrying();
    const { attempts, work } = failing(Object.assign(transient(), { headers: { 'retry-after': '1' } }));
    void line.run(work);
    await clock.advance(999);
    expect(attempts).toEqual([1]);
    await clock.advance(1);
    expect(attempts).toEqual([1, 2]);
  });

  test('is not asked again when that is too long to wait', async () => {
    const { line, events } = retrying({ retryAfterMaxMs: 500 });
    const { attempts, work } = failing(Object.assign(transient(), { headers: { 'retry-after': '1' } }));
    await expect(line.run(work)).rejects.toThrow('busy');
    expect([attempts, events.map(({ kind }) => kind)]).toEqual([[1], ['attempt', 'given-up', 'call']]);
  });

  test('is the answer at once when the pause would pass the deadline', async () => {
    const { clock, line, events } = retrying();
    const { attempts, work } = failing(transient(), transient());
    const outcome = outcomeOf(line.run(work, { deadline: clock.epochMs() + 250 }));
    await clock.advance(100);
    expect([outcome.error, attempts]).toEqual([transient(), [1, 2]]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'given-up', why: 'deadline' }));
    expect(clock.timers).toBe(0);
  });
});

describe('what is not transient is not asked again', () => {
  test.each([rejected(), bug(), unclear(), new BreakerOpen('open', 'carrier')])('%s', async error => {
    const { line } = retrying();
    const { attempts, work } = failing(error);
    await expect(line.run(work, { idempotent: true })).rejects.toBe(error);
    expect(attempts).toEqual([1]);
  });

  test('but an unknown outcome is, where that is wanted and the call is idempotent', async () => {
    const { clock, line } = retrying({ unknownToo: true });
    const first = failing(unclear());
    await expect(line.run(first.work)).rejects.toThrow('broken');
    const second = failing(unclear());
    const outcome = outcomeOf(line.run(second.work, { idempotent: true }));
    await clock.advance(100);
    expect([outcome.value, first.attempts, second.attempts]).toEqual(['answer', [1], [1, 2]]);
  });

  test('and an outcome that was unknown once stays unknown', async () => {
    const { clock, line } = retrying({ unknownToo: true, attemptsMax: 2 });
    const outcome = outcomeOf(line.run(failing(unclear(), transient()).work, { idempotent: true }));
    const definite = outcomeOf(line.run(failing(unclear(), rejected()).work, { idempotent: true }));
    await clock.advance(100);
    expect([classify(outcome.error), classify(definite.error)]).toEqual(['unknown', 'rejected']);
  });
});

describe('with a budget', () => {
  test('a dependency that fails every call sees hardly more than the calls', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ ratio: 0.1, perSecond: 0, savedMax: 10 }, clock);
    const lines = ['one', 'two'].map(name =>
      pipeline(name, [{ policy: 'retry', ...numbers }], { clock, random: () => 1, budget }),
    );
    let attempts = 0;
    const outcomes = [];
    for (let call = 0; call < 500; call++) {
      const work = () => {
        attempts++;
        return Promise.reject(transient());
      };
      outcomes.push(outcomeOf(lines[call % 2]!.run(work)));
      await clock.advance(5);
    }
    await clock.advance(10_000);
    expect(outcomes.every(({ error }) => classify(error) === 'transient')).toBe(true);
    expect(attempts).toBeLessThanOrEqual(500 + 50 + 10);
    expect(attempts).toBeGreaterThan(540);
  });

  test('of its own the configuration is enough', async () => {
    const { clock, line, events } = retrying({ budget: { ratio: 0, perSecond: 0, savedMax: 1 } });
    const outcome = outcomeOf(line.run(failing(transient(), transient()).work));
    await clock.advance(100);
    expect(outcome.error).toEqual(transient());
    expect(events).toContainEqual(expect.objectContaining({ kind: 'given-up', why: 'budget' }));
    expect(line.state().retry.budgetSaved).toBe(0);
  });

  test('of its own it is enough for a retry without a pipeline too', async () => {
    const clock = new VirtualClock();
    const budget = { ratio: 0, perSecond: 0, savedMax: 1 };
    const retry = new Retry({ policy: 'retry', ...numbers, budget }, { clock, random: () => 1 });
    const { attempts, work } = failing(transient(), transient());
    const outcome = outcomeOf(retry.run(work));
    await clock.advance(1_000);
    expect([outcome.error, attempts, retry.state().budgetSaved]).toEqual([transient(), [1, 2], 0]);
    retry.reconfigure({ policy: 'retry', ...numbers, budget: { ...budget, perSecond: 2, savedMax: 5 } });
    await clock.advance(1_000);
    expect(retry.state().budgetSaved).toBe(2);
  });

  test('of others no pipeline changes its numbers, but those of its own', () => {
    const clock = new VirtualClock();
    const own = { ratio: 0, perSecond: 0, savedMax: 3 };
    const shared = new RetryBudget({ ratio: 0, perSecond: 0, savedMax: 10 }, clock);
    const [sharing, alone] = [shared, undefined].map(budget =>
      pipeline('carrier', [{ policy: 'retry', ...numbers, budget: own }], {
        clock,
        ...(budget === undefined ? {} : { budget }),
      }),
    );
    for (const line of [sharing!, alone!]) {
      line.tune({ retry: { maxMs: 2_000 } });
      line.reconfigure([{ policy: 'retry', ...numbers, budget: { ...own, savedMax: 2 } }]);
    }
    expect([shared.saved, alone!.state().retry.budgetSaved]).toEqual([10, 2]);
  });
});

test('the second pause can not be shorter than the first', () => {
  expect(() => retrying({ baseMs: 200, maxMs: 100 })).toThrow(
    new RangeError('retry: baseMs is 200; it can be maxMs at most, 100'),
  );
});

test('a caller who gives up ends the pause', async () => {
  const { clock, line } = retrying();
  const caller = new AbortController();
  const { attempts, work } = failing(transient());
  const outcome = outcomeOf(line.run(work, { signal: caller.signal }));
  await settled();
  caller.abort(new Error('enough'));
  await settled();
  expect([outcome.error, attempts, clock.timers]).toEqual([new Error('enough'), [1], 0]);
});

test('each attempt has a signal of its own: one that was too slow does not abort the next', async () => {
  const clock = new VirtualClock();
  const line = pipeline(
    'carrier',
    [
      { policy: 'retry', ...numbers, unknownToo: true },
      { policy: 'attemptTimeout', timeoutMs: 50 },
    ],
    { clock, random: () => 0 },
  );
  const work = new ControlledWork();
  const outcome = outcomeOf(line.run(work.work, { idempotent: true }));
  const { signal } = work.contexts[0]!;
  await clock.advance(50);
  expect([signal.aborted, work.contexts[1]!.signal.aborted]).toEqual([true, false]);
  work.answer('second');
  await settled();
  expect(outcome.value).toBe('second');
});
