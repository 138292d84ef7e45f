import { describe, expect, test } from 'vitest';
import { Refused } from '../errors/refused.js';
import { ControlledWork, outcomeOf, transient } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { Breaker, type BreakerConfiguration } from './breaker.js';

const numbers: BreakerConfiguration = {
  policy: 'breaker',
  failureRate: 0.5,
  windowMs: 10_000,
  callsMin: 10,
  openMs: 1_000,
  probes: 2,
  rampMs: 10_000,
  rampTo: 22,
};

/** One whose dependency has just come back. */
async function ramping(given: Partial<BreakerConfiguration> = {}) {
  const clock = new VirtualClock();
  const breaker = new Breaker({ ...numbers, ...given }, { clock, dependency: 'carrier', random: () => 0.5 });
  const answer = () => breaker.run(() => Promise.resolve('answer'));
  const fail = () => breaker.run(() => Promise.reject(transient())).catch((error: unknown) => error);
  for (let made = 0; made < 10; made++) await fail();
  await clock.advance(1_000);
  await answer();
  await answer();
  return { clock, breaker, answer, fail, state: () => breaker.state().state };
}

describe('a breaker that is coming back', () => {
  test('lets more and more calls through at a time', async () => {
    const { clock, breaker, state } = await ramping();
    expect(state()).toBe('ramping');
    const work = new ControlledWork();
    const ask = () => outcomeOf(breaker.run(work.work));
    for (const [afterMs, atATime] of [
      [0, 2],
      [2_500, 7],
      [2_500, 12],
      [4_999, 21],
    ] as const) {
      await clock.advance(afterMs);
      for (let asked = 0; asked < 30; asked++) ask();
      await settled();
      expect(work.started).toBe(atATime);
    }
    await clock.advance(1);
    ask();
    expect([work.started, state()]).toEqual([22, 'closed']);
  });

  test('tells the others to come at a time within the rest of the ramp', async () => {
    const { clock, breaker } = await ramping();
    await clock.advance(2_000);
    const work = new ControlledWork();
    const outcomes = Array.from({ length: 7 }, () => outcomeOf(breaker.run(work.work)));
    await settled();
    expect(work.started).toBe(6);
    expect(outcomes[6]!.error).toMatchObject({ code: 'BALLAST_BREAKER_OPEN', retryAfterMs: 4_000 });
  });

  test('counts a call until its work has settled, not until its caller gave up', async () => {
    const { breaker } = await ramping();
    const [work, caller] = [new ControlledWork(), new AbortController()];
    const ask = () => outcomeOf(breaker.run(work.work, { signal: caller.signal }));
    ask();
    ask();
    caller.abort();
    await settled();
    ask();
    const another = new ControlledWork();
    await expect(breaker.run(another.work)).rejects.toBeInstanceOf(Refused);
    work.answer('late', 0);
    await settled();
    void breaker.run(another.work);
    expect(another.started).toBe(1);
  });

  test('opens again when too many fail, and begins anew', async () => {
    const { clock, answer, fail, state } = await ramping();
    for (let made = 0; made < 5; made++) await answer();
    for (let made = 0; made < 5; made++) await fail();
    expect(state()).toBe('open');
    await clock.advance(1_000);
    await answer();
    await answer();
    expect(state()).toBe('ramping');
  });

  test('keeps what it has counted when the ramp is over', async () => {
    const { clock, answer, fail, state } = await ramping({ windowMs: 60_000 });
    for (let made = 0; made < 4; made++) await fail();
    await clock.advance(10_000);
    await answer();
    expect(state()).toBe('closed');
    for (let made = 0; made < 4; made++) await answer();
    await fail();
    expect(state()).toBe('open');
  });
});

/**
 * 400 callers ask until they are answered by a dependency that was away for a second: 8 at a time it answers within
 * 50 ms, and with more than 60 at once it answers none of them.
 */
async function crowdAtTheDoor(given: Partial<BreakerConfiguration>) {
  const clock = new VirtualClock();
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const breaker = new Breaker({ ...numbers, ...given }, { clock, random });
  const sleep = (ms: number) => new Promise<void>(resolve => clock.after(ms, resolve));
  let [inFlight, answered, overrun] = [0, 0, 0];
  const dependency = async () => {
    const isBack = clock.elapsedMs() >= 1_000;
    inFlight++;
    await sleep(50 * Math.ceil(inFlight / 8));
    const isOverrun = inFlight > 60;
    inFlight--;
    if (isBack && isOverrun) overrun++;
    if (!isBack || isOverrun) throw transient();
  };
  const caller = async () => {
    for (;;) {
      try {
        await breaker.run(dependency);
        answered++;
        return;
      } catch (error) {
        await sleep((error instanceof Refused ? (error.retryAfterMs ?? 0) : 0) + 200 * random());
      }
    }
  };
  for (let made = 0; made < 400; made++) void caller();
  await clock.advance(15_000);
  return { answered, overrun };
}

test('a crowd that has waited for a dependency does not overrun it once more', async () => {
  const [without, withRamp] = [await crowdAtTheDoor({ rampMs: 0 }), await crowdAtTheDoor({})];
  expect(without.overrun).toBeGreaterThan(60);
  expect(withRamp).toEqual({ answered: 400, overrun: 0 });
});
