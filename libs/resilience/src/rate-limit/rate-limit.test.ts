import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimited } from '../errors/refused.js';
import { outcomeOf } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { RateLimit, type RateLimitConfiguration } from './rate-limit.js';

function aRateLimit(given: Partial<RateLimitConfiguration> = {}) {
  const clock = new VirtualClock();
  const limit = new RateLimit(
    { policy: 'rateLimit', perSecond: 10, burst: 3, ...given },
    { clock, dependency: 'carrier' },
  );
  const call = (tenant?: string) =>
    outcomeOf(limit.run(() => Promise.resolve(clock.elapsedMs()), { tenant }));
  return { clock, limit, call };
}

describe('a rate limit', () => {
  test('lets a burst through, then so many per second', async () => {
    const { clock, call } = aRateLimit();
    const calls = [call(), call(), call(), call()];
    await settled();
    expect(calls.map(({ value }) => value)).toEqual([0, 0, 0, undefined]);
    expect(calls[3]!.error).toBeInstanceOf(RateLimited);
    expect(calls[3]!.error).toMatchObject({ retryAfterMs: 100, dependency: 'carrier' });
    await clock.advance(100);
    const later = [call(), call()];
    await settled();
    expect(later.map(({ value }) => value)).toEqual([100, undefined]);
  });

  test('says truly when asking again helps', async () => {
    const { clock, call } = aRateLimit({ perSecond: 3, burst: 1 });
    call();
    const refused = call();
    await settled();
    await clock.advance((refused.error as RateLimited).retryAfterMs!);
    const again = call();
    await settled();
    expect(again.error).toBeUndefined();
  });

  test('lets calls wait for their turn, in order, for a while', async () => {
    const { clock, call } = aRateLimit({ burst: 1, waitMs: 250 });
    const calls = [call(), call(), call(), call()];
    await clock.advance(1_000);
    expect(calls.map(({ value }) => value)).toEqual([0, 100, 200, undefined]);
    expect(calls[3]!.error).toMatchObject({ retryAfterMs: 300 });
  });

  test('does not let a call wait past its deadline, or after its caller gave up', async () => {
    const { clock, limit } = aRateLimit({ burst: 1, waitMs: 250 });
    const work = () => Promise.resolve('made');
    const caller = new AbortController();
    void limit.run(work);
    const hasty = outcomeOf(limit.run(work, { deadline: clock.epochMs() + 90 }));
    const patient = outcomeOf(limit.run(work, { signal: caller.signal }));
    caller.abort(new Error('enough'));
    await settled();
    expect([hasty.error, patient.error]).toEqual([expect.any(RateLimited), new Error('enough')]);
  });

  test('may hold for each tenant', async () => {
    const { call } = aRateLimit({ burst: 1, perTenant: true });
    const calls = [call('a'), call('b'), call('a'), call()];
    await settled();
    expect(calls.map(({ error }) => error instanceof RateLimited)).toEqual([false, false, true, false]);
  });

  test('forgets tenants that have their whole rate again', async () => {
    const { clock, limit, call } = aRateLimit({ perTenant: true });
    for (let tenant = 0; tenant < 5_000; tenant++) {
      call(`tenant ${tenant}`);
      if (tenant % 500 === 0) await clock.advance(1_000);
    }
    expect(limit.state().keys).toBeLessThanOrEqual(1_001);
  });

  test('changes at once, and keeps what was used', async () => {
    const { clock, limit, call } = aRateLimit({ perSecond: 10, burst: 3 });
    const letIn = async () => {
      const calls = [call(), call(), call(), call()];
      await settled();
      return calls.filter(({ error }) => error === undefined).length;
    };
    const change = (perSecond: number, burst: number) =>
      limit.reconfigure({ policy: 'rateLimit', perSecond, burst });
    expect(await letIn()).toBe(3);
    change(10, 3);
    expect(await letIn()).toBe(0);
    // Two more at once is two more now.
    change(10, 5);
    expect(await letIn()).toBe(2);
    // All is used, whatever all is: the next one comes after a tenth of a second, or with half the rate after two.
    change(5, 1);
    await clock.advance(199);
    expect(await letIn()).toBe(0);
    await clock.advance(1);
    expect(await letIn()).toBe(1);
    change(1_000, 1);
    await clock.advance(1);
    expect(await letIn()).toBe(1);
    expect(() => change(0, 2)).toThrow(RangeError);
  });

  test('changes without giving away the turns of those who wait', async () => {
    const { clock, limit, call } = aRateLimit({ perSecond: 10, burst: 1, waitMs: 250 });
    const calls = [call(), call(), call()];
    limit.reconfigure({ policy: 'rateLimit', perSecond: 20, burst: 1, waitMs: 250 });
    calls.push(call());
    await clock.advance(1_000);
    expect(calls.map(({ value }) => value)).toEqual([0, 100, 200, 150]);
  });

  test('of tenants begins anew when it is to hold for all together', async () => {
    const { limit, call } = aRateLimit({ burst: 1 });
    const calls = [call('a'), call('a')];
    limit.reconfigure({ policy: 'rateLimit', perSecond: 10, burst: 1, perTenant: true });
    calls.push(call('a'), call());
    await settled();
    expect(calls.map(({ error }) => error === undefined)).toEqual([true, false, true, true]);
  });

  test('is never exceeded, in no stretch of time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(200), { maxLength: 100, size: 'max' }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0, 100, 1_000),
        async (pauses, perSecond, burst, waitMs) => {
          const { clock, limit } = aRateLimit({ perSecond, burst, waitMs });
          const madeMs: number[] = [];
          for (const pause of pauses) {
            outcomeOf(limit.run(() => Promise.resolve(madeMs.push(clock.elapsedMs()))));
            await clock.advance(pause % 3 === 0 ? 0 : pause);
          }
          await clock.advance(2_000);
          const tooMany = madeMs.flatMap((from, first) =>
            madeMs
              .slice(first)
              .filter((to, more) => more + 1 > burst + ((to - from) * perSecond) / 1_000 + 1e-3),
          );
          expect(tooMany).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
