import { describe, expect, test, vi } from 'vitest';
import { Call } from '../call/call.js';
import { perform } from '../call/perform.js';
import { BreakerOpen } from '../errors/refused.js';
import { pipeline } from '../pipeline/pipeline.js';
import { bug, ControlledWork, outcomeOf, rejected, transient, unclear } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { TimedOut } from '../timeout/with-timeout.js';
import { Breaker, type BreakerConfiguration } from './breaker.js';

const numbers: BreakerConfiguration = {
  policy: 'breaker',
  failureRate: 0.5,
  windowMs: 10_000,
  callsMin: 10,
  openMs: 1_000,
  probes: 3,
};

function aBreaker(given: Partial<BreakerConfiguration> = {}) {
  const clock = new VirtualClock();
  const breaker = new Breaker({ ...numbers, ...given }, { clock, dependency: 'carrier' });
  const answer = () => breaker.run(() => Promise.resolve('answer'));
  const fail = (error: unknown = transient()) =>
    breaker.run(() => Promise.reject(error as Error)).catch((thrown: unknown) => thrown);
  const times = async (count: number, call: () => Promise<unknown>) => {
    for (let made = 0; made < count; made++) await call();
  };
  const state = () => breaker.state().state;
  return { clock, breaker, answer, fail, times, state };
}

/** One that has just become able to probe. */
async function recovering(given: Partial<BreakerConfiguration> = {}) {
  const made = aBreaker(given);
  await made.times(10, made.fail);
  expect(made.state()).toBe('open');
  await made.clock.advance(1_000);
  return made;
}

describe('a closed breaker', () => {
  test('opens when its share of failures is reached, and not before', async () => {
    const { answer, fail, times, state } = aBreaker();
    await times(6, answer);
    await times(5, fail);
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  test('stays closed while there were few calls', async () => {
    const { fail, times, state } = aBreaker();
    await times(9, fail);
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  test('forgets what is longer ago than its window', async () => {
    const { clock, breaker, answer, fail, times, state } = aBreaker();
    await times(9, fail);
    await clock.advance(11_000);
    expect(breaker.state().failures).toBe(0);
    await times(9, answer);
    await fail();
    expect(state()).toBe('closed');
  });

  test('gives the work back as it is, whatever it came to', async () => {
    const { answer, fail } = aBreaker();
    const error = rejected();
    expect([await answer(), await fail(error)]).toEqual(['answer', error]);
    expect(await fail(null)).toBe(null);
  });

  test('opens for slow calls too, even if they are answered', async () => {
    const { clock, breaker, state } = aBreaker({ slowCallMs: 500, slowRate: 0.8 });
    const controls = Array.from({ length: 10 }, () => new ControlledWork());
    for (const { work } of controls) void breaker.run(work);
    await clock.advance(100);
    for (const control of controls.slice(0, 2)) control.answer('fast');
    await clock.advance(400);
    for (const control of controls.slice(2, 9)) control.answer('slow');
    await settled();
    expect([state(), breaker.state().slow]).toEqual(['closed', 7]);
    controls[9]!.answer('slow');
    await settled();
    expect(state()).toBe('open');
  });

  test('holds transient and unknown outcomes against the dependency', async () => {
    const { fail, times, state } = aBreaker();
    await times(5, () => fail(transient()));
    await times(5, () => fail(unclear()));
    expect(state()).toBe('open');
  });

  test('holds a rejection for an answer, and a bug or a caller that gave up for nothing', async () => {
    const { breaker, fail, times, state } = aBreaker();
    await times(20, () => fail(rejected()));
    expect(breaker.state()).toMatchObject({ state: 'closed', calls: 20, failures: 0 });
    await times(20, () => fail(bug()));
    for (let made = 0; made < 20; made++) {
      const caller = new AbortController();
      const outcome = outcomeOf(breaker.run(new ControlledWork(true).work, { signal: caller.signal }));
      caller.abort();
      await settled();
      expect(outcome.settled).toBe(true);
    }
    expect(breaker.state()).toMatchObject({ calls: 20, failures: 0 });
    expect(state()).toBe('closed');
  });

  test('holds nothing against it when it was not asked, or when the work met another closed door', async () => {
    const { breaker, fail } = aBreaker();
    await fail(new BreakerOpen('open', 'whoever it needs'));
    const tooLate = new Call(() => Promise.resolve(), {}, new VirtualClock());
    tooLate.cancel(new TimedOut(10, false));
    await expect(breaker.execute(tooLate, perform)).rejects.toBeInstanceOf(TimedOut);
    expect(breaker.state()).toMatchObject({ calls: 0 });
  });

  test('holds a time limit against it, whoever set it, if it was asked at all', async () => {
    const clock = new VirtualClock();
    const line = pipeline('carrier', [{ policy: 'timeout', timeoutMs: 50 }, numbers], { clock });
    const outcome = outcomeOf(line.run(new ControlledWork().work));
    await clock.advance(50);
    expect([outcome.settled, line.state().breaker.failures]).toEqual([true, 1]);
  });
});

describe('an open breaker', () => {
  test('refuses at once and says when it will probe', async () => {
    const { clock, fail, times, breaker } = aBreaker();
    await times(10, fail);
    await clock.advance(400);
    expect(breaker.state().probesInMs).toBe(600);
    const work = new ControlledWork();
    await expect(breaker.run(work.work)).rejects.toEqual(
      new BreakerOpen('the circuit is open', 'carrier', 600),
    );
    expect([work.started, breaker.state().refused]).toEqual([0, 1]);
  });

  test('probes when its time has come, with so many calls at a time', async () => {
    const { breaker, state } = await recovering();
    const work = new ControlledWork();
    const outcomes = Array.from({ length: 5 }, () => outcomeOf(breaker.run(work.work)));
    await settled();
    expect(outcomes.map(({ error }) => error instanceof BreakerOpen)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect([work.started, state()]).toEqual([3, 'half-open']);
    for (const index of [0, 1]) work.answer('well', index);
    await settled();
    expect(state()).toBe('half-open');
    work.answer('well', 2);
    await settled();
    expect([state(), breaker.state().calls]).toEqual(['closed', 0]);
  });

  test('opens again at the first probe that fails', async () => {
    const { breaker, clock, state, answer, fail } = await recovering();
    await answer();
    await fail();
    expect(state()).toBe('open');
    await clock.advance(999);
    await expect(breaker.run(() => Promise.resolve())).rejects.toBeInstanceOf(BreakerOpen);
    await clock.advance(1);
    await answer();
    expect(state()).toBe('half-open');
  });

  test('tells the work of a probe how long it may take', async () => {
    const { breaker, clock } = await recovering({ probeTimeoutMs: 200 });
    const work = new ControlledWork();
    const outcomes = [undefined, clock.epochMs() + 150].map(deadline =>
      outcomeOf(breaker.run(work.work, { deadline })),
    );
    const deadlines = work.contexts.map(({ deadline }) => Number(deadline) - clock.epochMs());
    await clock.advance(200);
    expect([deadlines, outcomes.every(({ settled }) => settled)]).toEqual([[200, 150], true]);
  });

  test('opens again when a probe is slow', async () => {
    const { breaker, clock, state } = await recovering({ slowCallMs: 100 });
    const work = new ControlledWork();
    void breaker.run(work.work);
    await clock.advance(100);
    work.answer('slow');
    await settled();
    expect(state()).toBe('open');
  });

  test('closed again it starts from nothing', async () => {
    const { state, answer, fail, times } = await recovering();
    await times(3, answer);
    await times(9, fail);
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });
});

describe('by hand', () => {
  test('it is opened until it is closed by hand', async () => {
    const { breaker, clock, state, answer } = aBreaker();
    breaker.open();
    breaker.open();
    await clock.advance(1e9);
    await expect(answer()).rejects.toMatchObject({ code: 'BALLAST_BREAKER_OPEN', retryAfterMs: undefined });
    expect(state()).toBe('isolated');
    breaker.close();
    expect([state(), await answer()]).toEqual(['closed', 'answer']);
  });

  test('it is closed before its time', async () => {
    const { breaker, state, answer, fail, times } = aBreaker();
    await times(10, fail);
    breaker.close();
    breaker.close();
    expect([state(), await answer()]).toEqual(['closed', 'answer']);
  });
});

describe('other numbers', () => {
  test('hold at once, for what was counted before too', async () => {
    const { breaker, fail, times, state } = aBreaker();
    await times(8, fail);
    breaker.reconfigure({ ...numbers, callsMin: 5 });
    expect(breaker.state()).toMatchObject({ state: 'closed', failures: 8 });
    await fail();
    expect(state()).toBe('open');
  });

  test('hold for calls that are under way, which count as before', async () => {
    const { breaker, state } = aBreaker({ callsMin: 50 });
    const controls = Array.from({ length: 10 }, () => new ControlledWork());
    for (const { work } of controls) outcomeOf(breaker.run(work));
    breaker.reconfigure({ ...numbers, callsMin: 10, failureRate: 0.8 });
    for (const control of controls.slice(0, 9)) control.fail(transient());
    await settled();
    expect(state()).toBe('closed');
    controls[9]!.fail(transient());
    await settled();
    expect(state()).toBe('open');
  });

  test('let it come back when the probes that were answered are enough', async () => {
    const { breaker, clock, answer, state } = await recovering({ rampMs: 1_000 });
    await answer();
    const probe = new ControlledWork(true);
    const outcome = outcomeOf(breaker.run(probe.work));
    breaker.reconfigure({ ...numbers, probes: 1, rampMs: 1_000 });
    // Not while another one may say something else.
    expect(breaker.state()).toMatchObject({ state: 'half-open', probing: 1, answered: 1 });
    probe.fail(bug());
    await settled();
    expect([outcome.settled, state()]).toEqual([true, 'ramping']);

    const other = await recovering();
    await other.times(2, other.answer);
    other.breaker.reconfigure({ ...numbers, probes: 2 });
    expect([other.state(), await other.answer()]).toEqual(['closed', 'answer']);
    expect([clock.timers, other.clock.timers]).toEqual([0, 0]);
  });

  test.each([
    [60_000, [7, 7, 7, 7]],
    [10_000, [7, 6, 4, 0]],
    // What is forgotten is forgotten to a tenth of the window in which it was counted.
    [6_000, [6, 4, 0, 0]],
    [2_000, [4, 0, 0, 0]],
  ])('of a window of %i ms keep what is not too old for it', async (windowMs, failures) => {
    const { clock, breaker, fail, times } = aBreaker({ callsMin: 100 });
    for (const count of [1, 2, 4]) {
      await times(count, fail);
      if (count < 4) await clock.advance(4_000);
    }
    await clock.advance(500);
    breaker.reconfigure({ ...numbers, callsMin: 100, windowMs });
    const seen = [breaker.state().failures];
    for (let made = 0; made < 3; made++) {
      await clock.advance(4_000);
      seen.push(breaker.state().failures);
    }
    expect(seen).toEqual(failures);
  });

  test('do not close it', async () => {
    const { breaker, fail, times, state } = aBreaker();
    await times(10, fail);
    breaker.reconfigure({ ...numbers, windowMs: 5_000 });
    expect(state()).toBe('open');
  });

  test.each([
    { failureRate: 0 },
    { failureRate: 50 },
    { callsMin: 0 },
    { probes: 0 },
    { openMs: 0 },
    { windowMs: Infinity },
    { slowRate: 2 },
    { slowCallMs: NaN },
    { probeTimeoutMs: 0 },
  ])('are refused when they make no sense: %j', given => {
    expect(() => aBreaker(given)).toThrow(RangeError);
  });
});

test('opossum is left without a timer, open or closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const { breaker, clock, answer, fail, times } = aBreaker({ probes: 1 });
  const timers = [vi.getTimerCount()];
  await times(10, fail);
  timers.push(vi.getTimerCount());
  await clock.advance(1_000);
  await answer();
  timers.push(vi.getTimerCount(), clock.timers);
  vi.useRealTimers();
  expect([breaker.state().state, timers]).toEqual(['closed', [0, 0, 0, 0]]);
});
