import { describe, expect, test } from 'vitest';
import { BulkheadFull } from '../errors/refused.js';
import { pipeline } from '../pipeline/pipeline.js';
import { ControlledWork, outcomeOf } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { Bulkhead, type BulkheadConfiguration } from './bulkhead.js';

function aBulkhead(given: Partial<BulkheadConfiguration> = {}) {
  const clock = new VirtualClock();
  const numbers = { concurrent: 2, queued: 3, queueTimeoutMs: 100, ...given };
  return {
    clock,
    bulkhead: new Bulkhead({ policy: 'bulkhead', ...numbers }, { clock, dependency: 'carrier' }),
  };
}

/** Calls whose work goes on, in the order in which they were started. */
function callsTo(bulkhead: Bulkhead, ...tenants: string[]) {
  const started: string[] = [];
  const calls = tenants.map((tenant, index) => {
    const control = new ControlledWork();
    const outcome = outcomeOf(
      bulkhead.run(
        context => {
          started.push(`${tenant}${index}`);
          return control.work(context);
        },
        { tenant },
      ),
    );
    return { control, outcome };
  });
  return { calls, started };
}

describe('a bulkhead', () => {
  test('has so many calls under way, lets so many wait, and refuses the rest at once', async () => {
    const { bulkhead } = aBulkhead();
    const { calls, started } = callsTo(bulkhead, 'a', 'a', 'a', 'a', 'a', 'a');
    await settled();
    expect(started).toEqual(['a0', 'a1']);
    expect(bulkhead.state()).toMatchObject({ running: 2, queued: 3, refused: 1 });
    expect(calls[5]!.outcome.error).toBeInstanceOf(BulkheadFull);
    calls[1]!.control.answer('done');
    await settled();
    expect(started).toEqual(['a0', 'a1', 'a2']);
    expect([calls[1]!.outcome.value, bulkhead.state().queued]).toEqual(['done', 2]);
  });

  test('refuses who has waited for too long', async () => {
    const { bulkhead, clock } = aBulkhead();
    const { calls } = callsTo(bulkhead, 'a', 'a', 'a');
    await clock.advance(100);
    expect(calls.map(({ outcome }) => outcome.error)).toEqual([
      undefined,
      undefined,
      new BulkheadFull('no slot within 100 ms', 'carrier'),
    ]);
    expect([bulkhead.state().queued, clock.timers]).toEqual([0, 0]);
  });

  test('takes tenants in turn, whatever one of them has in line', async () => {
    const { bulkhead } = aBulkhead({ concurrent: 1, queued: 10 });
    const { calls, started } = callsTo(bulkhead, 'a', 'a', 'a', 'a', 'b', 'b', 'c');
    for (let served = 0; served < calls.length; served++) {
      await settled();
      calls[Number(started.at(-1)!.slice(1))]!.control.answer('done');
    }
    expect(started).toEqual(['a0', 'a1', 'b4', 'c6', 'a2', 'b5', 'a3']);
  });

  test('that is full of one tenant takes another: the last in the longest line makes room', async () => {
    const { bulkhead } = aBulkhead({ concurrent: 1, queued: 3 });
    const { calls } = callsTo(bulkhead, 'a', 'a', 'a', 'a', 'b', 'b', 'b');
    await settled();
    const refused = calls.map(({ outcome }) => outcome.error instanceof BulkheadFull);
    // Of three places b gets one: with two it would only have swapped places with a.
    expect(refused).toEqual([false, false, false, true, false, true, true]);
    expect(bulkhead.state()).toMatchObject({ queued: 3, refused: 3 });
  });

  test('frees a slot when the work has settled, not when its caller has given up', async () => {
    const { bulkhead } = aBulkhead({ concurrent: 1 });
    const caller = new AbortController();
    const control = new ControlledWork();
    const first = outcomeOf(bulkhead.run(control.work, { signal: caller.signal }));
    const { started, calls } = callsTo(bulkhead, 'a');
    caller.abort(new Error('enough'));
    await settled();
    expect([first.error, started, bulkhead.state().running]).toEqual([new Error('enough'), [], 1]);
    control.answer('late');
    await settled();
    expect(started).toEqual(['a0']);
    calls[0]!.control.fail(new Error('no'));
    await settled();
    expect(bulkhead.state().running).toBe(0);
  });

  test('does the same when a time limit inside it is over', async () => {
    const clock = new VirtualClock();
    const line = pipeline(
      'carrier',
      [
        { policy: 'bulkhead', concurrent: 1, queued: 0, queueTimeoutMs: 1 },
        { policy: 'attemptTimeout', timeoutMs: 10 },
      ],
      { clock },
    );
    const control = new ControlledWork();
    const call = outcomeOf(line.run(control.work));
    await clock.advance(10);
    expect([call.settled, line.state().bulkhead.running]).toEqual([true, 1]);
    control.answer('late');
    await settled();
    expect(line.state().bulkhead.running).toBe(0);
  });

  test('forgets who gives up in line', async () => {
    const { bulkhead, clock } = aBulkhead({ concurrent: 1 });
    const { calls, started } = callsTo(bulkhead, 'a');
    const caller = new AbortController();
    const waiting = outcomeOf(bulkhead.run(() => Promise.resolve('made'), { signal: caller.signal }));
    caller.abort(new Error('enough'));
    await settled();
    expect([waiting.error, bulkhead.state().queued]).toEqual([new Error('enough'), 0]);
    calls[0]!.control.answer('done');
    await clock.advance(1_000);
    expect([started, bulkhead.state().running, clock.timers]).toEqual([['a0'], 0, 0]);
  });

  test('with more slots takes more in at once, with fewer none until they are free', async () => {
    const { bulkhead } = aBulkhead();
    const { calls, started } = callsTo(bulkhead, 'a', 'a', 'a', 'a', 'a');
    bulkhead.reconfigure({ policy: 'bulkhead', concurrent: 4, queued: 3, queueTimeoutMs: 50 });
    await settled();
    expect(started).toHaveLength(4);
    bulkhead.reconfigure({ policy: 'bulkhead', concurrent: 1, queued: 3, queueTimeoutMs: 50 });
    for (const { control } of calls.slice(0, 3)) control.answer('done');
    await settled();
    expect(started).toHaveLength(4);
    calls[3]!.control.answer('done');
    await settled();
    expect(started).toHaveLength(5);
  });

  test.each([
    { concurrent: 0 },
    { concurrent: 1.5 },
    { queued: -1 },
    { queueTimeoutMs: 0 },
    { queueTimeoutMs: NaN },
  ])('refuses %j', given => {
    expect(() => aBulkhead(given)).toThrow(RangeError);
  });
});
