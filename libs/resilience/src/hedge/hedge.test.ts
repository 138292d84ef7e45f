import { describe, expect, test } from 'vitest';
import { Call } from '../call/call.js';
import { perform } from '../call/perform.js';
import { classify } from '../errors/classify.js';
import { DeadlinePassed } from '../errors/refused.js';
import { Pipeline, pipeline } from '../pipeline/pipeline.js';
import { RetryBudget } from '../retry/retry-budget.js';
import { ControlledWork, outcomeOf, rejected, transient, unclear } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { TimedOut } from '../timeout/with-timeout.js';
import { AnsweredElsewhere, Hedge } from './hedge.js';

function hedging({ extraMax = 1, idempotent = true, savedMax = 10 } = {}) {
  const clock = new VirtualClock();
  const budget = new RetryBudget({ ratio: 0, perSecond: 0, savedMax }, clock);
  const hedge = new Hedge({ policy: 'hedge', delayMs: 50, extraMax }, { clock }, budget);
  const control = new ControlledWork();
  const caller = new AbortController();
  const outcome = outcomeOf(hedge.run(control.work, { idempotent, signal: caller.signal }));
  return { clock, hedge, control, caller, outcome };
}

describe('a hedged call', () => {
  test('that is answered soon is made once', async () => {
    const { clock, control, outcome } = hedging();
    await clock.advance(49);
    control.answer('soon');
    await clock.advance(1_000);
    expect([outcome.value, control.started, clock.timers]).toEqual(['soon', 1, 0]);
  });

  test('that is late is made once more, and the first answer counts', async () => {
    const { clock, hedge, control, outcome } = hedging();
    await clock.advance(50);
    expect(control.contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    control.answer('second', 1);
    await settled();
    expect(outcome.value).toBe('second');
    expect(control.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(control.contexts[0]!.signal.reason).toBeInstanceOf(AnsweredElsewhere);
    expect(hedge.state().hedges).toBe(1);
  });

  test('is made as often as allowed', async () => {
    const { clock, control, outcome } = hedging({ extraMax: 3 });
    await clock.advance(1_000);
    expect([control.started, outcome.settled]).toEqual([4, false]);
    control.answer('first', 0);
    await settled();
    expect(outcome.value).toBe('first');
  });

  test('that is not idempotent is made once, however late', async () => {
    const { clock, control, outcome } = hedging({ idempotent: false });
    await clock.advance(1_000);
    control.answer('at last');
    await settled();
    expect([control.started, outcome.value]).toEqual([1, 'at last']);
  });

  test('is not made more often than the budget allows', async () => {
    const { clock, control } = hedging({ extraMax: 3, savedMax: 1 });
    await clock.advance(1_000);
    expect(control.started).toBe(2);
  });

  test('that fails transiently is made again at once', async () => {
    const { control, outcome } = hedging();
    control.fail(transient());
    await settled();
    expect([control.started, outcome.settled]).toEqual([2, false]);
    control.fail(transient());
    await settled();
    expect(outcome.error).toEqual(transient());
  });

  test('waits for the others when one fails, but not after a definite no', async () => {
    const first = hedging();
    await first.clock.advance(50);
    first.control.fail(unclear(), 0);
    await settled();
    expect(first.outcome.settled).toBe(false);
    first.control.answer('second', 1);
    await settled();
    expect(first.outcome.value).toBe('second');

    const second = hedging();
    await second.clock.advance(50);
    second.control.fail(rejected(), 0);
    await settled();
    expect(second.outcome.error).toEqual(rejected());
    expect(second.control.contexts[1]!.signal.aborted).toBe(true);
  });

  test('has an unknown outcome if one attempt had', async () => {
    const { clock, control, outcome } = hedging();
    await clock.advance(50);
    control.fail(unclear(), 0);
    control.fail(transient(), 1);
    await settled();
    expect(classify(outcome.error)).toBe('unknown');
  });

  test('waits for the others when it was too late for one', async () => {
    const { clock, control, outcome } = hedging();
    await clock.advance(50);
    control.fail(new DeadlinePassed(), 1);
    await settled();
    expect([outcome.settled, control.contexts[0]!.signal.aborted]).toEqual([false, false]);
    control.answer('first', 0);
    await settled();
    expect(outcome.value).toBe('first');
  });

  test.each<[string, (late: ReturnType<typeof tooLate>) => void, unknown]>([
    ['in time is unknown', ({ call }) => call.cancel(new TimedOut(40)), new TimedOut(40)],
    ['is unknown', ({ control }) => control.fail(unclear(), 0), unclear()],
    ['is transient', ({ control }) => control.fail(transient(), 0), transient()],
  ])('was made, if its first attempt was: what is not answered %s', async (_, end, expected) => {
    const late = tooLate();
    await late.clock.advance(50);
    expect([late.control.started, late.outcome.settled]).toEqual([1, false]);
    end(late);
    await settled();
    expect([late.outcome.error, late.control.started]).toEqual([expected, 1]);
  });

  test('was not made when it was too late for its first attempt', async () => {
    const { hedge, clock, call } = tooLate();
    call.dueMs = clock.elapsedMs();
    await expect(hedge.execute(call, perform)).rejects.toBeInstanceOf(DeadlinePassed);
    expect([hedge.state().hedges, clock.isHeld]).toEqual([0, true]);
  });

  test('ends with its caller', async () => {
    const { clock, control, caller, outcome } = hedging();
    await clock.advance(50);
    caller.abort(new Error('enough'));
    await clock.advance(1_000);
    expect([outcome.error, control.started, clock.timers]).toEqual([new Error('enough'), 2, 0]);
    expect(control.contexts.map(({ signal }) => signal.reason)).toEqual([outcome.error, outcome.error]);
  });
});

/** A call whose deadline passes before the second attempt, and whose timer has not rung yet. */
function tooLate() {
  const { clock, hedge } = hedging();
  const control = new ControlledWork();
  const call = new Call(control.work, { idempotent: true }, clock);
  call.dueMs = 40;
  return { clock, hedge, control, call, outcome: outcomeOf(hedge.execute(call, perform)) };
}

test('each attempt at a call has a number of its own, hedges and retries together', async () => {
  const clock = new VirtualClock();
  const line = pipeline(
    'carrier',
    [
      { policy: 'retry', attemptsMax: 2, baseMs: 10, maxMs: 10 },
      { policy: 'hedge', delayMs: 50 },
    ],
    { clock, random: () => 0 },
  );
  const told: (readonly [string, number])[] = [];
  line.subscribe(event => {
    if (event.kind === 'hedge' || event.kind === 'retry') told.push([event.kind, event.attempt]);
  });
  const control = new ControlledWork();
  outcomeOf(line.run(control.work, { idempotent: true }));
  await clock.advance(50);
  control.fail(transient(), 0);
  control.fail(transient(), 1);
  await clock.advance(50);
  expect(control.contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  expect(told).toEqual([
    ['hedge', 2],
    ['retry', 3],
    ['hedge', 4],
  ]);
});

test('each attempt takes a slot of the bulkhead, and the slower one keeps it until its work has settled', async () => {
  const clock = new VirtualClock();
  const line = pipeline(
    'carrier',
    [
      { policy: 'hedge', delayMs: 50 },
      { policy: 'bulkhead', concurrent: 2, queued: 0, queueTimeoutMs: 10 },
    ],
    { clock },
  );
  const control = new ControlledWork();
  const outcome = outcomeOf(line.run(control.work, { idempotent: true }));
  await clock.advance(50);
  control.answer('second', 1);
  await settled();
  expect([outcome.value, line.state().bulkhead.running]).toEqual(['second', 1]);
  control.answer('first', 0);
  await settled();
  expect(line.state().bulkhead.running).toBe(0);
});

test('a hedge that finds no slot leaves the first attempt alone', async () => {
  const clock = new VirtualClock();
  const line = pipeline(
    'carrier',
    [
      { policy: 'hedge', delayMs: 50 },
      { policy: 'bulkhead', concurrent: 1, queued: 0, queueTimeoutMs: 10 },
    ],
    { clock },
  );
  const control = new ControlledWork();
  const outcome = outcomeOf(line.run(control.work, { idempotent: true }));
  await clock.advance(100);
  expect([outcome.settled, line.state().bulkhead.refused]).toEqual([false, 1]);
  control.answer('first');
  await settled();
  expect(outcome.value).toBe('first');
});

test('a call that finds no slot at all is not made once more for that', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget({ ratio: 0, perSecond: 0, savedMax: 5 }, clock);
  const line = pipeline(
    'carrier',
    [
      { policy: 'hedge', delayMs: 50 },
      { policy: 'bulkhead', concurrent: 1, queued: 0, queueTimeoutMs: 10 },
    ],
    { clock, budget },
  );
  void line.run(new ControlledWork().work);
  await expect(line.run(() => Promise.resolve(), { idempotent: true })).rejects.toThrow('full');
  expect([line.state().bulkhead.refused, budget.saved, clock.isHeld]).toEqual([1, 5, false]);
});

test('without a retry around it the hedge saves for the budget, with one the retry does', async () => {
  for (const retries of [[], [{ policy: 'retry', attemptsMax: 1, baseMs: 1, maxMs: 1 }]] as const) {
    const budget = new RetryBudget({ ratio: 0.5, perSecond: 0, savedMax: 5 }, new VirtualClock());
    while (budget.withdraw());
    const line = new Pipeline('carrier', [...retries, { policy: 'hedge', delayMs: 50 }], { budget });
    for (let made = 0; made < 4; made++) await line.run(() => Promise.resolve());
    expect(budget.saved).toBe(2);
  }
});
