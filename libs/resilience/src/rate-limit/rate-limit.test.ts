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

  test('changes at once', async () => {
    const { limit, call } = aRateLimit({ burst: 1 });
    call();
    limit.reconfigure({ policy: 'rateLimit', perSecond: 10, burst: 2 });
    const calls = [call(), call(), call()];
    await settled();
    expect(calls.map(({ error }) => error === undefined)).toEqual([true, true, false]);
    expect(() => limit.reconfigure({ policy: 'rateLimit', perSecond: 0, burst: 2 })).toThrow(RangeError);
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
