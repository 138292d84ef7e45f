import { expect, test } from 'vitest';
import { classify } from '../errors/classify.js';
import { DeadlinePassed } from '../errors/refused.js';
import { pipeline } from '../pipeline/pipeline.js';
import { ControlledWork, outcomeOf } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { Timeout } from './timeout.js';
import { TimedOut } from './with-timeout.js';

const clock = () => new VirtualClock();
const limited = (time: VirtualClock, timeoutMs = 100) =>
  new Timeout({ policy: 'timeout', timeoutMs }, { clock: time });

test('a call in time gives its answer, and holds nothing', async () => {
  const time = clock();
  const policy = limited(time);
  expect(await policy.run(() => Promise.resolve('answer'))).toBe('answer');
  await expect(policy.run(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await expect(
    policy.run(() => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  await time.advance(1_000);
  expect([time.timers, policy.state().timeouts]).toEqual([0, 0]);
});

test('a call that takes too long is answered in time, and its own signal is aborted', async () => {
  const time = clock();
  const work = new ControlledWork();
  const outcome = outcomeOf(limited(time).run(work.work));
  const { signal } = work.contexts[0]!;
  await time.advance(99);
  expect([outcome.settled, signal.aborted]).toEqual([false, false]);
  await time.advance(1);
  expect(outcome.error).toEqual(new TimedOut(100));
  expect([signal.aborted, signal.reason]).toEqual([true, outcome.error]);
});

test('a signal that is asked for after the time limit is aborted too', async () => {
  const time = clock();
  const work = new ControlledWork();
  const outcome = outcomeOf(limited(time).run(work.work));
  await time.advance(100);
  expect(outcome.error).toBeInstanceOf(TimedOut);
  expect(work.contexts[0]!.signal.reason).toBe(outcome.error);
});

test('many calls need one timer, and each gets its own time', async () => {
  const time = clock();
  const policy = limited(time);
  const works = Array.from({ length: 50 }, () => new ControlledWork());
  const outcomes = [];
  for (const { work } of works) {
    outcomes.push(outcomeOf(policy.run(work)));
    await time.advance(1);
  }
  expect(time.timers).toBe(1);
  works[3]!.answer('in time');
  await time.advance(100 - 50 + 9);
  expect(outcomes.map(({ settled }) => settled)).toEqual(outcomes.map((_, index) => index < 10));
  expect(outcomes[3]!.value).toBe('in time');
  await time.advance(100);
  expect(outcomes.filter(({ error }) => error instanceof TimedOut)).toHaveLength(49);
  expect(time.timers).toBe(0);
});

test('what is late to fail disturbs nobody', async () => {
  const time = clock();
  const work = new ControlledWork();
  const outcome = outcomeOf(limited(time).run(work.work));
  await time.advance(100);
  work.fail(new Error('too late'));
  await settled();
  expect(outcome.error).toBeInstanceOf(TimedOut);
});

test('the caller who aborts is answered at once, with its reason', async () => {
  const time = clock();
  const caller = new AbortController();
  const work = new ControlledWork();
  const outcome = outcomeOf(limited(time).run(work.work, { signal: caller.signal }));
  caller.abort(new Error('shutting down'));
  await settled();
  expect(outcome.error).toEqual(new Error('shutting down'));
  expect(work.contexts[0]!.signal.reason).toBe(outcome.error);
  const before = outcomeOf(limited(time).run(work.work, { signal: caller.signal }));
  await settled();
  expect([before.error, work.started]).toEqual([new Error('shutting down'), 1]);
});

test('a call whose deadline has passed is not made', async () => {
  const time = clock();
  const work = new ControlledWork();
  const policy = limited(time);
  const late = [time.epochMs(), new Date(time.epochMs() - 1)].map(deadline =>
    policy.run(work.work, { deadline }),
  );
  for (const call of late) await expect(call).rejects.toBeInstanceOf(DeadlinePassed);
  await expect(policy.run(work.work, { deadline: new Date(NaN) })).rejects.toThrow(RangeError);
  expect(work.started).toBe(0);
});

test('the time limit is the smaller of its own and what is left until the deadline', async () => {
  const time = clock();
  const work = new ControlledWork();
  const outcome = outcomeOf(limited(time).run(work.work, { deadline: time.epochMs() + 40 }));
  expect(work.contexts[0]!.deadline).toEqual(new Date(time.epochMs() + 40));
  await time.advance(40);
  expect(outcome.error).toEqual(new TimedOut(40));

  const generous = outcomeOf(limited(time).run(work.work, { deadline: time.epochMs() + 4_000 }));
  expect(work.contexts[1]!.deadline).toEqual(new Date(time.epochMs() + 100));
  await time.advance(100);
  expect(generous.error).toEqual(new TimedOut(100));
  expect(time.timers).toBe(0);
});

test('without any limit the work is told so', async () => {
  const line = pipeline('x', []);
  expect(await line.run(({ deadline }) => Promise.resolve(deadline))).toBe(null);
});

test('an attempt has the smaller of its own time and what the whole call has left', async () => {
  const time = clock();
  const line = pipeline(
    'x',
    [
      { policy: 'timeout', timeoutMs: 250 },
      { policy: 'retry', attemptsMax: 9, baseMs: 1, maxMs: 1, unknownToo: true },
      { policy: 'attemptTimeout', timeoutMs: 100 },
    ],
    { clock: time, random: () => 0 },
  );
  const work = new ControlledWork();
  const start = time.epochMs();
  const outcome = outcomeOf(line.run(work.work, { idempotent: true }));
  await time.advance(1_000);
  expect(work.contexts.map(({ deadline }) => Number(deadline) - start)).toEqual([100, 200, 250]);
  expect(outcome.error).toEqual(new TimedOut(250));
});

test('a call that only waited was not made: that it failed is certain', async () => {
  const time = clock();
  const line = pipeline(
    'x',
    [
      { policy: 'timeout', timeoutMs: 50 },
      { policy: 'bulkhead', concurrent: 1, queued: 1, queueTimeoutMs: 1_000 },
    ],
    { clock: time },
  );
  const work = new ControlledWork();
  const [first, second] = [outcomeOf(line.run(work.work)), outcomeOf(line.run(work.work))];
  await time.advance(50);
  expect([classify(first.error), classify(second.error), work.started]).toEqual(['unknown', 'transient', 1]);
});

test('another time limit holds for calls from then on', async () => {
  const time = clock();
  const policy = limited(time);
  const before = outcomeOf(policy.run(new ControlledWork().work));
  policy.reconfigure({ policy: 'timeout', timeoutMs: 10 });
  const after = outcomeOf(policy.run(new ControlledWork().work));
  await time.advance(10);
  expect([before.settled, after.settled]).toEqual([false, true]);
  await time.advance(90);
  expect(before.error).toEqual(new TimedOut(100));
  expect(() => policy.reconfigure({ policy: 'timeout', timeoutMs: 0 })).toThrow(RangeError);
  expect(policy.state().timeoutMs).toBe(10);
});
