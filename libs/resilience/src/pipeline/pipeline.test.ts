import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ResilienceEvent } from '../policy/events.js';
import { bug, ControlledWork, outcomeOf, rejected, transient } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { Pipeline, pipeline } from './pipeline.js';
import { IllegalPipeline, type PolicyConfiguration, policyOrder } from './policy-order.js';

const breaker = { failureRate: 0.5, windowMs: 10_000, callsMin: 4, openMs: 1_000, probes: 1 };

function carrier() {
  const clock = new VirtualClock();
  const line = pipeline(
    'carrier',
    [
      { policy: 'timeout', timeoutMs: 1_000 },
      { policy: 'retry', attemptsMax: 3, baseMs: 100, maxMs: 100 },
      { policy: 'bulkhead', concurrent: 2, queued: 1, queueTimeoutMs: 500 },
      { policy: 'breaker', ...breaker },
      { policy: 'attemptTimeout', timeoutMs: 300 },
    ],
    { clock, random: () => 1 },
  );
  const events: (ResilienceEvent & { dependency: string })[] = [];
  const unsubscribe = line.subscribe(event => events.push(event));
  return { clock, line, events, unsubscribe };
}

describe('a pipeline', () => {
  test('without any policy does the work', async () => {
    expect(await pipeline('nothing', []).run(({ attempt }) => Promise.resolve(attempt))).toBe(1);
  });

  test('retries through bulkhead and breaker, and every attempt counts there', async () => {
    const { clock, line } = carrier();
    const outcome = outcomeOf(line.run(() => Promise.reject(transient())));
    await clock.advance(200);
    expect(outcome.error).toEqual(transient());
    expect(line.state().breaker).toMatchObject({ state: 'closed', calls: 3, failures: 3 });
  });

  test('keeps no slot while it pauses between attempts', async () => {
    const { clock, line } = carrier();
    outcomeOf(line.run(() => Promise.reject(transient())));
    await clock.advance(50);
    expect(line.state().bulkhead.running).toBe(0);
  });

  test('refuses those in line as soon as the breaker opens', async () => {
    const { clock, line } = carrier();
    const control = new ControlledWork();
    const calls = Array.from({ length: 3 }, () => outcomeOf(line.run(control.work)));
    await settled();
    line.policy('breaker').open();
    control.fail(bug(), 0);
    await settled();
    expect(calls[2]!.error).toMatchObject({ code: 'BALLAST_BREAKER_OPEN', dependency: 'carrier' });
    expect(control.started).toBe(2);
    control.answer('well', 1);
    await clock.advance(0);
    expect(line.state().bulkhead).toMatchObject({ running: 0, queued: 0 });
  });

  test('tells what happens to who listens, and nobody afterwards', async () => {
    const { clock, line, events, unsubscribe } = carrier();
    outcomeOf(line.run(() => Promise.reject(transient())));
    await clock.advance(200);
    outcomeOf(line.run(new ControlledWork().work));
    await clock.advance(300);
    await expect(line.run(() => Promise.resolve())).rejects.toThrow('open');
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['attempt', 'retry', 'attempt', 'retry', 'attempt', 'given-up', 'call'],
      ...['timed-out', 'attempt', 'breaker', 'call'],
      ...['refused', 'call'],
    ]);
    expect(events).toContainEqual({ dependency: 'carrier', kind: 'call', outcome: 'transient', tookMs: 200 });
    expect(events).toContainEqual({
      dependency: 'carrier',
      kind: 'attempt',
      attempt: 1,
      outcome: 'unknown',
      tookMs: 300,
    });
    expect(events).toContainEqual({
      ...{ dependency: 'carrier', kind: 'breaker', from: 'closed', to: 'open', why: 'failures' },
    });
    unsubscribe();
    await line.run(() => Promise.resolve()).catch(() => undefined);
    expect(events).toHaveLength(13);
  });

  test('is not failed by a listener that throws', async () => {
    const { line } = carrier();
    const warned = new Promise(resolve => process.once('warning', resolve));
    line.subscribe(() => {
      throw new Error('a bug of who listens');
    });
    expect(await line.run(() => Promise.resolve('answer'))).toBe('answer');
    expect(await warned).toMatchObject({ message: 'a listener to carrier failed: a bug of who listens' });
  });

  test('is not failed by a listener that rejects', async () => {
    const { line } = carrier();
    const warned = new Promise(resolve => process.once('warning', resolve));
    line.subscribe(() => Promise.reject(new Error('later')) as unknown as void);
    expect(await line.run(() => Promise.resolve('answer'))).toBe('answer');
    expect(await warned).toMatchObject({ message: 'a listener to carrier failed: later' });
  });

  test('shows the state of each policy, as plain data', async () => {
    const { line } = carrier();
    void line.run(new ControlledWork().work);
    const state = line.state();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(Object.keys(state)).toEqual(['timeout', 'retry', 'bulkhead', 'breaker', 'attemptTimeout']);
    expect(state.bulkhead.running).toBe(1);
  });

  test('has a classification of its own where it is given one', async () => {
    const line = pipeline('odd', [{ policy: 'retry', attemptsMax: 2, baseMs: 1, maxMs: 1 }], {
      classify: error => ((error as Error).message === 'declined' ? 'transient' : 'bug'),
      random: () => 0,
    });
    let attempts = 0;
    await expect(line.run(() => Promise.reject((attempts++, rejected())))).rejects.toThrow('declined');
    await expect(line.run(() => Promise.reject((attempts++, transient())))).rejects.toThrow('busy');
    expect(attempts).toBe(3);
  });
});

describe('an error that can not be classified', () => {
  const unreadable = () =>
    Object.defineProperty(new Error('original'), 'errorClass', {
      get: () => {
        throw new Error('not to be read');
      },
    });
  const classifyThrows = () => {
    throw new Error('a bug of who classifies');
  };
  const policies: readonly PolicyConfiguration[] = [
    { policy: 'fallback', on: ['rejected'] },
    { policy: 'retry', attemptsMax: 2, baseMs: 1, maxMs: 1 },
    { policy: 'hedge', delayMs: 10 },
    { policy: 'adaptiveLimit', limitMin: 1, limitMax: 1 },
    { policy: 'breaker', ...breaker, callsMin: 1 },
  ];

  test.each<[string, readonly PolicyConfiguration[]]>([
    ...policies.map((policy): [string, PolicyConfiguration[]] => [policy.policy, [policy]]),
    ['all of them', policies],
  ])('reaches the caller as it is, through %s', async (_, some) => {
    for (const classify of [classifyThrows, undefined]) {
      const clock = new VirtualClock();
      const warned = new Promise(resolve => process.once('warning', resolve));
      const line = new Pipeline('odd', some, { clock, ...(classify === undefined ? {} : { classify }) });
      for (let made = 0; made < 3; made++) {
        const error = unreadable();
        const options = { idempotent: true, fallback: () => 'instead' } as object;
        const outcome = outcomeOf(line.run(() => Promise.reject(error), options));
        await clock.advance(1_000);
        // Unknown: nothing is asked again but by the hedge, and it speaks against the dependency.
        expect(outcome.settled).toBe(true);
        expect(outcome.error).toBe(error);
      }
      const { adaptiveLimit, breaker: opened } = line.state();
      expect([adaptiveLimit?.inFlight ?? 0, opened?.probing ?? 0, opened?.state ?? 'open']).toEqual([
        0,
        0,
        'open',
      ]);
      expect(await warned).toMatchObject({
        message: expect.stringMatching(
          /^odd: an error could not be classified and counts as unknown: /,
        ) as string,
      });
    }
  });
});

describe('other numbers', () => {
  const others = [
    { policy: 'timeout', timeoutMs: 50 },
    { policy: 'retry', attemptsMax: 1, baseMs: 1, maxMs: 1 },
    { policy: 'bulkhead', concurrent: 9, queued: 9, queueTimeoutMs: 9 },
    { policy: 'breaker', ...breaker, callsMin: 1 },
    { policy: 'attemptTimeout', timeoutMs: 10 },
  ] as const;

  test('hold at once, and what was counted stays', async () => {
    const { clock, line } = carrier();
    const outcome = outcomeOf(line.run(() => Promise.reject(transient())));
    await clock.advance(200);
    line.reconfigure(others);
    expect(outcome.settled).toBe(true);
    expect(line.state()).toMatchObject({
      bulkhead: { concurrent: 9 },
      breaker: { state: 'closed', failures: 3 },
    });
    await line.run(() => Promise.reject(transient())).catch(() => undefined);
    expect(line.state().breaker.state).toBe('open');
  });

  test('leave nothing uncounted of the calls that are under way', async () => {
    const clock = new VirtualClock();
    const line = pipeline(
      'carrier',
      [
        { policy: 'bulkhead', concurrent: 50, queued: 0, queueTimeoutMs: 10 },
        { policy: 'breaker', ...breaker },
      ],
      { clock },
    );
    const controls = Array.from({ length: 50 }, () => new ControlledWork());
    for (const { work } of controls) outcomeOf(line.run(work));
    line.tune({ bulkhead: { concurrent: 60 } });
    for (const control of controls) control.fail(transient());
    await settled();
    expect(line.state().breaker.state).toBe('open');
  });

  test('that make no sense, or of other policies, change nothing', () => {
    const { line } = carrier();
    const before = line.state();
    const wrong = [...others.slice(0, 4), { policy: 'attemptTimeout', timeoutMs: -1 }];
    expect(() => line.reconfigure(wrong as unknown as typeof others)).toThrow(RangeError);
    expect(() => line.reconfigure(others.slice(1) as unknown as typeof others)).toThrow(IllegalPipeline);
    expect(() => line.reconfigure([...others].reverse() as unknown as typeof others)).toThrow(
      IllegalPipeline,
    );
    const retry = { ...others[1], budget: { ratio: 1, perSecond: 1, savedMax: 1 } };
    const withBudget = [others[0], retry, ...others.slice(2)];
    expect(() => line.reconfigure(withBudget as unknown as typeof others)).toThrow('without a budget');
    expect(line.state()).toEqual(before);
  });
});

describe('a configuration that the compiler has not seen', () => {
  const dynamic = (policies: unknown) => new Pipeline('carrier', policies as PolicyConfiguration[]);

  test('may come from a schema', async () => {
    const Breaker = z.object({
      policy: z.literal('breaker').default('breaker'),
      failureRate: z.coerce.number().default(0.5),
      windowMs: z.coerce.number().default(10_000),
      callsMin: z.coerce.number().default(20),
      openMs: z.coerce.number().default(5_000),
      probes: z.coerce.number().default(3),
    });
    const Numbers = z.object({
      retry: z.object({
        attemptsMax: z.coerce.number(),
        baseMs: z.coerce.number(),
        maxMs: z.coerce.number(),
      }),
      breaker: Breaker.prefault({}),
    });
    const numbers = Numbers.parse({ retry: { attemptsMax: '2', baseMs: '10', maxMs: '20' } });
    const line = pipeline('carrier', [{ policy: 'retry', ...numbers.retry }, numbers.breaker]);
    expect(await line.run(() => Promise.resolve('made'))).toBe('made');
    expect(line.state()).toMatchObject({ retry: { attemptsMax: 2 }, breaker: { state: 'closed' } });
  });

  test('is refused when it is out of order, saying what is in the wrong place', () => {
    const place = (...kinds: string[]) => kinds.map(policy => ({ policy }));
    expect(() => dynamic(place('bulkhead', 'retry'))).toThrow(
      new IllegalPipeline('carrier', 'retry may not stand inside bulkhead'),
    );
    expect(() => dynamic(place('retry', 'retry'))).toThrow('carrier: retry stands there twice');
    expect(() => dynamic(place('wish'))).toThrow('carrier: there is no policy "wish"');
  });

  test('may have any of the policies, in the declared order', () => {
    const numbers: Record<(typeof policyOrder)[number], object> = {
      fallback: {},
      shed: { inFlightMax: 10 },
      timeout: { timeoutMs: 10 },
      retry: { attemptsMax: 1, baseMs: 1, maxMs: 1 },
      hedge: { delayMs: 1 },
      rateLimit: { perSecond: 1, burst: 1 },
      bulkhead: { concurrent: 1, queued: 0, queueTimeoutMs: 1 },
      adaptiveLimit: { limitMin: 1, limitMax: 1 },
      breaker,
      attemptTimeout: { timeoutMs: 1 },
    };
    const all = policyOrder.map(policy => ({ policy, ...numbers[policy] }));
    expect(Object.keys(dynamic(all).state())).toEqual(policyOrder);
  });

  test.each([
    [{ policy: 'timeout', timeoutMs: 1, timoutMs: 2 }, 'there is no "timoutMs" in timeout, but timeoutMs'],
    [
      { policy: 'retry', attemptsMax: 1, baseMs: 1, maxMs: 1, budget: { ratio: 1, perSecond: 1, saved: 1 } },
      'there is no "saved" in budget of retry, but ratio, perSecond, savedMax',
    ],
    [
      { policy: 'shed', inFlightMax: 1, upTo: { critical: 1 } },
      'there is no "critical" in upTo of shed, but high, normal, low',
    ],
    [{ policy: 'fallback', toString: 1 }, 'there is no "toString" in fallback, but on'],
  ])('is refused for a name that its policy does not have: %j', (configuration, why) => {
    expect(() => dynamic([configuration])).toThrow(new IllegalPipeline('carrier', why));
  });

  test('is refused for an option that there is not', () => {
    expect(() => pipeline('carrier', [], { laod: () => 1 } as object)).toThrow(
      new IllegalPipeline(
        'carrier',
        'there is no "laod" in its options, but clock, random, classify, budget, load',
      ),
    );
  });

  test('is refused when others are given later that have names of their own', () => {
    const line = dynamic([{ policy: 'timeout', timeoutMs: 1 }]);
    const slip = [{ policy: 'timeout', timeoutMs: 1, timeout: 2 }] as unknown as PolicyConfiguration[];
    expect(() => line.reconfigure(slip)).toThrow('carrier: there is no "timeout" in timeout');
    expect(() => line.reconfigure(undefined as unknown as [])).toThrow(IllegalPipeline);
  });

  test.each([
    [undefined, 'its policies are undefined; they have to be a list'],
    [{ policy: 'timeout' }, 'its policies are [object Object]; they have to be a list'],
    [[null], 'null is no policy'],
    [['timeout'], 'timeout is no policy'],
  ])('is refused when it is no list of policies: %j', (policies, why) => {
    expect(() => dynamic(policies)).toThrow(new IllegalPipeline('carrier', why));
  });

  test('has only the policies that it has', () => {
    expect(() => dynamic([]).policy('breaker')).toThrow(IllegalPipeline);
  });

  test('can be given one by one, by name', () => {
    const { line } = carrier();
    line.tune({ bulkhead: { concurrent: 3 }, breaker: { openMs: 77 } });
    const [, , bulkhead, tuned] = line.configuration;
    expect([bulkhead, tuned]).toMatchObject([{ concurrent: 3 }, { policy: 'breaker', openMs: 77 }]);
    expect(line.state().bulkhead.concurrent).toBe(3);
    const before = line.configuration;
    for (const wrong of [
      { hedge: { delayMs: 1 } },
      { bulkhead: { wish: 1 } },
      { bulkhead: { policy: 1 } },
      { bulkhead: { concurrent: 2 }, breaker: { failureRate: 2 } },
    ]) {
      expect(() => line.tune(wrong), JSON.stringify(wrong)).toThrow(RangeError);
    }
    expect(line.configuration).toBe(before);
    expect(line.state().bulkhead.concurrent).toBe(3);
  });

  test('an operator finds the breaker where there is one', () => {
    const { line } = carrier();
    line.breaker!.open();
    expect(line.state().breaker.state).toBe('isolated');
    expect(pipeline('plain', []).breaker).toBeNull();
  });
});
