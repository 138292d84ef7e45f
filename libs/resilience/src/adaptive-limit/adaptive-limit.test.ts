import { describe, expect, test } from 'vitest';
import { LimitReached } from '../errors/refused.js';
import { pipeline } from '../pipeline/pipeline.js';
import { bug, ControlledWork, outcomeOf, rejected, transient } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { AdaptiveLimit } from './adaptive-limit.js';

/** Serves so many at a time, 10 ms each; the others wait in line over there. */
class Server {
  #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(
    private readonly clock: VirtualClock,
    public cores: number,
    public serviceMs = 10,
  ) {}

  readonly serve = async (): Promise<void> => {
    if (this.#busy >= this.cores) await new Promise<void>(resolve => this.#waiting.push(resolve));
    this.#busy++;
    await new Promise<void>(resolve => this.clock.after(this.serviceMs, resolve));
    this.#busy--;
    this.#waiting.shift()?.();
  };
}

/** More callers than the server can take, each of whom asks again as soon as it has an answer or was refused. */
async function underLoad(
  limit: AdaptiveLimit,
  server: Server,
  clock: VirtualClock,
  ms: number,
  callers = 100,
) {
  const untilMs = clock.elapsedMs() + ms;
  const tookMs: number[] = [];
  const caller = async () => {
    while (clock.elapsedMs() < untilMs) {
      const startMs = clock.elapsedMs();
      try {
        await limit.run(server.serve);
        tookMs.push(clock.elapsedMs() - startMs);
      } catch (error) {
        expect(error).toBeInstanceOf(LimitReached);
        await new Promise<void>(resolve => clock.after(10, resolve));
      }
    }
  };
  const all = Promise.all(Array.from({ length: callers }, caller));
  await clock.advance(ms + 1_000);
  await all;
  return {
    perSecond: (tookMs.length / ms) * 1_000,
    p99Ms: tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length * 0.99)]!,
  };
}

describe('an adaptive limit', () => {
  test('finds what the server can take: nearly all its throughput, without a line before it', async () => {
    const clock = new VirtualClock();
    const limit = new AdaptiveLimit({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 200 }, { clock });
    const server = new Server(clock, 10);
    await underLoad(limit, server, clock, 1_000);
    const { perSecond, p99Ms } = await underLoad(limit, server, clock, 2_000);
    expect(perSecond).toBeGreaterThan(900);
    // Without a limit forty callers wait for 40 ms each.
    expect(p99Ms).toBeLessThanOrEqual(30);
    expect(limit.state().limit).toBeGreaterThanOrEqual(8);
    expect(limit.state().limit).toBeLessThanOrEqual(25);
  });

  test('follows the server when it can take less, and more again', async () => {
    const clock = new VirtualClock();
    const limit = new AdaptiveLimit({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 200 }, { clock });
    const server = new Server(clock, 20);
    await underLoad(limit, server, clock, 1_500);
    const before = await underLoad(limit, server, clock, 500);
    server.cores = 3;
    await underLoad(limit, server, clock, 2_500);
    const during = limit.state().limit;
    server.cores = 20;
    await underLoad(limit, server, clock, 1_500);
    const after = await underLoad(limit, server, clock, 500);
    expect(before.perSecond).toBeGreaterThan(1_500);
    expect(during).toBeLessThan(10);
    expect(after.perSecond).toBeGreaterThan(1_500);
  });

  test('learns anew how long an answer takes without load, when that changes', async () => {
    const clock = new VirtualClock();
    const limit = new AdaptiveLimit({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 200 }, { clock });
    const server = new Server(clock, 10);
    await underLoad(limit, server, clock, 1_000, 20);
    server.serviceMs = 30;
    await underLoad(limit, server, clock, 18_000, 20);
    const { perSecond } = await underLoad(limit, server, clock, 1_500, 20);
    // Compared with the times of before, 30 ms are a line of two in three: it would be under 200 for ever.
    expect(perSecond).toBeGreaterThan(280);
  });

  test('does not grow while few calls are made', async () => {
    const clock = new VirtualClock();
    const limit = new AdaptiveLimit(
      { policy: 'adaptiveLimit', limitMin: 1, limitMax: 200, limitStart: 20 },
      { clock },
    );
    await underLoad(limit, new Server(clock, 40), clock, 3_000, 4);
    expect(limit.state().limit).toBe(20);
  });

  test('goes down when the server says that it has too much to do, or does not answer in time', async () => {
    for (const timeoutMs of [10, 10_000]) {
      const clock = new VirtualClock();
      const line = pipeline(
        'carrier',
        [
          { policy: 'adaptiveLimit', limitMin: 5, limitMax: 200, limitStart: 100 },
          { policy: 'attemptTimeout', timeoutMs },
        ],
        { clock },
      );
      const changes: number[] = [];
      line.subscribe(event => event.kind === 'limit' && changes.push(event.to));
      for (let made = 0; made < 400; made++) {
        outcomeOf(line.run(new ControlledWork(true).work));
        outcomeOf(
          line.run(() => (timeoutMs > 10 ? Promise.reject(transient()) : new Promise(() => undefined))),
        );
        await clock.advance(timeoutMs > 10 ? 0 : 20);
      }
      expect(line.state().adaptiveLimit.limit).toBeLessThan(60);
      expect(changes.length).toBeGreaterThan(3);
    }
  });

  test('learns nothing from bugs and callers that give up, and an answer from a rejection', async () => {
    const clock = new VirtualClock();
    const limit = new AdaptiveLimit(
      { policy: 'adaptiveLimit', limitMin: 1, limitMax: 200, limitStart: 20 },
      { clock },
    );
    for (let made = 0; made < 100; made++) {
      const caller = new AbortController();
      outcomeOf(limit.run(new ControlledWork(true).work, { signal: caller.signal }));
      caller.abort(new Error('enough'));
      await limit.run(() => Promise.reject(bug())).catch(() => undefined);
    }
    expect(limit.state()).toMatchObject({ limit: 20, inFlight: 0, unloadedMs: null });
    for (let made = 0; made < 10; made++)
      await limit.run(() => Promise.reject(rejected())).catch(() => undefined);
    expect(limit.state().unloadedMs).not.toBe(null);
  });

  test('frees a slot when the work has settled', async () => {
    const limit = new AdaptiveLimit({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 1 });
    const control = new ControlledWork();
    const caller = new AbortController();
    outcomeOf(limit.run(control.work, { signal: caller.signal }));
    caller.abort();
    await settled();
    await expect(limit.run(control.work)).rejects.toBeInstanceOf(LimitReached);
    control.answer('late');
    await settled();
    expect(limit.state().inFlight).toBe(0);
  });

  test('keeps to other bounds at once', () => {
    const limit = new AdaptiveLimit({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 200, limitStart: 100 });
    limit.reconfigure({ policy: 'adaptiveLimit', limitMin: 1, limitMax: 30 });
    expect(limit.state().limit).toBe(30);
    limit.reconfigure({ policy: 'adaptiveLimit', limitMin: 50, limitMax: 90 });
    expect(limit.state().limit).toBe(50);
    expect(() => limit.reconfigure({ policy: 'adaptiveLimit', limitMin: 5, limitMax: 3 })).toThrow(
      RangeError,
    );
  });
});
