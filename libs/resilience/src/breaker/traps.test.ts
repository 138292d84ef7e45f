import Opossum from 'opossum';
import { describe, expect, test } from 'vitest';
import { BulkheadFull } from '../errors/refused.js';
import { pipeline } from '../pipeline/pipeline.js';
import { ControlledWork, outcomeOf, rejected, transient } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { TimedOut } from '../timeout/with-timeout.js';
import { Breaker, type BreakerConfiguration } from './breaker.js';

/*
 * The eight traps of opossum 10. Each test has two halves: opossum alone falls into it, so the trap is real and an
 * opossum without it is noticed; the breaker does not.
 */

const numbers: BreakerConfiguration = {
  policy: 'breaker',
  failureRate: 0.5,
  windowMs: 10_000,
  callsMin: 4,
  openMs: 1_000,
  probes: 1,
};

function aBreaker(given: Partial<BreakerConfiguration> = {}) {
  const clock = new VirtualClock();
  return { clock, breaker: new Breaker({ ...numbers, ...given }, { clock }) };
}

const quiet = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false } as const;

async function failTimes(breaker: Breaker, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    await breaker.run(() => Promise.reject(transient())).catch(() => undefined);
  }
}

describe('trap 1: calls that find no slot open the breaker, and nobody waits in line', () => {
  test('opossum falls into it', async () => {
    const opossum = new Opossum(() => new Promise(() => undefined), { ...quiet, capacity: 1 });
    void opossum.fire();
    await expect(opossum.fire()).rejects.toMatchObject({ code: 'ESEMLOCKED' });
    expect([opossum.opened, opossum.stats.failures]).toEqual([false, 1]);
    await expect(opossum.fire()).rejects.toMatchObject({ code: 'ESEMLOCKED' });
    expect(opossum.opened).toBe(true);
    opossum.shutdown();
  });

  test('here they wait in line, and a full line leaves the breaker closed', async () => {
    const line = pipeline('carrier', [
      { policy: 'bulkhead', concurrent: 1, queued: 1, queueTimeoutMs: 1_000 },
      { ...numbers, callsMin: 1 },
    ]);
    const control = new ControlledWork();
    const [first, second] = [outcomeOf(line.run(control.work)), outcomeOf(line.run(control.work))];
    for (let made = 0; made < 20; made++) {
      await expect(line.run(control.work)).rejects.toBeInstanceOf(BulkheadFull);
    }
    expect(line.state().breaker).toMatchObject({ state: 'closed', failures: 0 });
    control.answer('first');
    await settled();
    control.answer('second');
    await settled();
    expect([first.value, second.value]).toEqual(['first', 'second']);
  });
});

describe('trap 2: a time limit frees the slot while the work goes on, and aborts all later calls', () => {
  test('opossum falls into it', async () => {
    const abortController = new AbortController();
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise(resolve => setTimeout(resolve, 60));
      running--;
    };
    const opossum = new Opossum(work, {
      ...quiet,
      timeout: 10,
      capacity: 1,
      volumeThreshold: 100,
      abortController,
    });
    await expect(opossum.fire()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    void opossum.fire().catch(() => undefined);
    // It hands this signal to every later call.
    expect([most, abortController.signal.aborted]).toEqual([2, true]);
    opossum.shutdown();
  });

  test('here the slot is free when the work has settled, and each call has a signal of its own', async () => {
    const clock = new VirtualClock();
    const line = pipeline(
      'carrier',
      [
        { policy: 'bulkhead', concurrent: 1, queued: 1, queueTimeoutMs: 1_000 },
        { ...numbers, callsMin: 100 },
        { policy: 'attemptTimeout', timeoutMs: 10 },
      ],
      { clock },
    );
    const control = new ControlledWork();
    const first = outcomeOf(line.run(control.work));
    await clock.advance(10);
    expect(first.error).toBeInstanceOf(TimedOut);
    const second = outcomeOf(line.run(control.work));
    await settled();
    expect(control.started).toBe(1);
    control.answer('late');
    await settled();
    expect(control.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    control.answer('second');
    await settled();
    expect(second.value).toBe('second');
  });
});

describe('trap 3: an error that is filtered out closes a half-open breaker', () => {
  test('opossum falls into it', async () => {
    let error = transient();
    const opossum = new Opossum(() => Promise.reject(error), {
      ...quiet,
      resetTimeout: 5,
      errorFilter: error => (error as { status?: number }).status === 402,
    });
    await opossum.fire().catch(() => undefined);
    expect(opossum.opened).toBe(true);
    await new Promise(resolve => opossum.once('halfOpen', resolve));
    error = rejected();
    await opossum.fire().catch(() => undefined);
    expect(opossum.closed).toBe(true);
    opossum.shutdown();
  });

  test('here a rejection neither closes nor opens it, and the probe is made again', async () => {
    const { clock, breaker } = aBreaker();
    await failTimes(breaker, 4);
    await clock.advance(1_000);
    for (let probe = 0; probe < 5; probe++) {
      await expect(breaker.run(() => Promise.reject(rejected()))).rejects.toThrow('declined');
      expect(breaker.state().state).toBe('half-open');
    }
    await breaker.run(() => Promise.resolve());
    expect(breaker.state().state).toBe('closed');
  });
});

describe('trap 4: a straggler from before it opened closes a half-open breaker', () => {
  test('opossum falls into it', async () => {
    const control = new ControlledWork();
    let work = control.work;
    const opossum = new Opossum(() => work({} as never), { ...quiet, resetTimeout: 5 });
    const straggler = opossum.fire();
    work = () => Promise.reject(transient());
    for (let made = 0; made < 3; made++) await opossum.fire().catch(() => undefined);
    expect(opossum.opened).toBe(true);
    await new Promise(resolve => opossum.once('halfOpen', resolve));
    control.answer('late');
    await straggler;
    expect(opossum.closed).toBe(true);
    opossum.shutdown();
  });

  test('here it gets its answer and moves nothing, whatever the answer is', async () => {
    const { clock, breaker } = aBreaker();
    const control = new ControlledWork();
    const stragglers = Array.from({ length: 4 }, () => outcomeOf(breaker.run(control.work)));
    await failTimes(breaker, 4);
    control.answer('late', 0);
    control.fail(transient(), 1);
    await settled();
    expect(breaker.state().state).toBe('open');
    await clock.advance(1_000);
    const probe = new ControlledWork();
    void breaker.run(probe.work);
    control.answer('later', 2);
    await settled();
    expect(breaker.state()).toMatchObject({ state: 'half-open', probing: 1, answered: 0 });
    probe.answer('well');
    await settled();
    control.fail(transient(), 3);
    await settled();
    expect(breaker.state()).toMatchObject({ state: 'closed', calls: 0, failures: 0 });
    expect(stragglers.map(({ value, error }) => value ?? (error as Error).message)).toEqual([
      'late',
      'busy',
      'later',
      'busy',
    ]);
  });

  test('here a probe of an earlier half-open time does not count in a later one', async () => {
    const { clock, breaker } = aBreaker({ probes: 2, probeTimeoutMs: 10_000 });
    await failTimes(breaker, 4);
    await clock.advance(1_000);
    const old = new ControlledWork();
    void breaker.run(old.work);
    await failTimes(breaker, 1);
    await clock.advance(1_000);
    void breaker.run(new ControlledWork().work);
    old.answer('late');
    await settled();
    expect(breaker.state()).toMatchObject({ state: 'half-open', probing: 1, answered: 0 });
  });
});

describe('trap 5: a probe that hangs rejects all calls for ever', () => {
  test('opossum falls into it', async () => {
    let work: () => Promise<unknown> = () => Promise.reject(transient());
    const opossum = new Opossum(() => work(), { ...quiet, resetTimeout: 5 });
    await opossum.fire().catch(() => undefined);
    await new Promise(resolve => opossum.once('halfOpen', resolve));
    work = () => new Promise(() => undefined);
    void opossum.fire();
    await new Promise(resolve => setTimeout(resolve, 50));
    await expect(opossum.fire()).rejects.toMatchObject({ code: 'EOPENBREAKER' });
    opossum.shutdown();
  });

  test('here it has failed after its time, and the next probe is made', async () => {
    const { clock, breaker } = aBreaker({ probeTimeoutMs: 200 });
    await failTimes(breaker, 4);
    await clock.advance(1_000);
    const hung = new ControlledWork();
    const outcome = outcomeOf(breaker.run(hung.work));
    await clock.advance(200);
    expect(outcome.error).toEqual(new TimedOut(200));
    expect([breaker.state().state, hung.contexts[0]!.signal.aborted]).toEqual(['open', true]);
    await clock.advance(1_000);
    await breaker.run(() => Promise.resolve());
    expect(breaker.state().state).toBe('closed');
  });
});

describe('trap 6: it opens above its threshold only, and at the first failure of all', () => {
  test('opossum falls into it', async () => {
    const results = [Promise.resolve(), Promise.reject(transient())];
    const opossum = new Opossum(() => results.shift()!, { ...quiet, errorThresholdPercentage: 50 });
    await opossum.fire();
    await opossum.fire().catch(() => undefined);
    expect([opossum.stats.failures / opossum.stats.fires, opossum.closed]).toEqual([0.5, true]);
    opossum.shutdown();
    const hasty = new Opossum(() => Promise.reject(transient()), { ...quiet });
    await hasty.fire().catch(() => undefined);
    expect([hasty.stats.fires, hasty.opened]).toEqual([1, true]);
    hasty.shutdown();
  });

  test.each([0.1, 0.3, 0.5, 0.7, 1])(
    'here it opens at its threshold of %d, after so many calls',
    async rate => {
      const { breaker } = aBreaker({ failureRate: rate, callsMin: 10 });
      for (let made = 0; made < 10 - 10 * rate; made++) await breaker.run(() => Promise.resolve());
      await failTimes(breaker, Math.round(10 * rate) - 1);
      expect(breaker.state().state).toBe('closed');
      await failTimes(breaker, 1);
      expect(breaker.state().state).toBe('open');
    },
  );
});

describe('trap 7: it writes into the options that it is given', () => {
  test('opossum falls into it', () => {
    const options = { enableSnapshots: false };
    new Opossum(() => Promise.resolve(), options).shutdown();
    expect(Object.keys(options).length).toBeGreaterThan(5);
  });

  test('here frozen numbers serve any number of breakers, and stay as they are', async () => {
    const frozen = Object.freeze({ ...numbers });
    const breakers = [1, 2].map(() => new Breaker(frozen, { clock: new VirtualClock() }));
    await failTimes(breakers[0]!, 4);
    expect(breakers.map(breaker => breaker.state().state)).toEqual(['open', 'closed']);
    expect(frozen).toEqual(numbers);
  });
});

describe('trap 8: every failure costs a look at all that was measured, and every success is kept', () => {
  test('opossum falls into it', async () => {
    const opossum = new Opossum(() => Promise.resolve(), { ...quiet });
    for (let made = 0; made < 500; made++) await opossum.fire();
    const [bucket] = opossum.status.window as unknown as { latencyTimes: number[] }[];
    expect(bucket!.latencyTimes).toHaveLength(500);
    opossum.shutdown();
  });

  test('here 20,000 failures take no time to speak of', async () => {
    const { breaker } = aBreaker({ failureRate: 1 });
    await breaker.run(() => Promise.resolve());
    const startMs = performance.now();
    await failTimes(breaker, 20_000);
    // Opossum with its defaults took 16.6 s; this takes 0.1 s.
    expect(performance.now() - startMs).toBeLessThan(4_000);
    expect(breaker.state()).toMatchObject({ state: 'closed', failures: 20_000 });
  });
});
