import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pipeline } from '../pipeline/pipeline.js';
import { CountedWork, type Outcome, outcomeOf } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';

/* Work that heeds its signal and work that does not, callers that give up, time limits, retries and hedges. */

const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      heeds: fc.boolean(),
      tenant: fc.constantFrom('a', 'b', 'c'),
      deadlineMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      idempotent: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat(8) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('give up' as const), which: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reconfigure' as const),
      concurrent: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

test('concurrency never exceeds the limit, and no permit is leaked under random cancellation', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60, size: 'max' }), async happenings => {
      const world = new World();
      for (const what of happenings) await world.take(what);
      await world.end();
    }),
    { numRuns: 300 },
  );
});

class World {
  readonly #clock = new VirtualClock();
  #concurrent = 3;
  readonly #line = pipeline('carrier', this.#policies(), { clock: this.#clock, random: () => 0.5 });
  readonly #controls: CountedWork[] = [];
  readonly #callers: AbortController[] = [];
  readonly #outcomes: Outcome[] = [];
  #running = 0;
  /** The limit may fall under what is running already. */
  #allowed = 3;

  async take(what: Happening): Promise<void> {
    switch (what.kind) {
      case 'call':
        this.#call(what);
        break;
      case 'answer':
        this.#controls.at(-1 - what.which)?.answerAll();
        break;
      case 'fail':
        this.#controls.at(-1 - what.which)?.failAll(Object.assign(new Error('busy'), { status: 503 }));
        break;
      case 'give up':
        this.#callers.at(-1 - what.which)?.abort(new Error('enough'));
        break;
      case 'wait':
        await this.#clock.advance(what.ms);
        break;
      case 'reconfigure':
        this.#concurrent = what.concurrent;
        this.#line.reconfigure(this.#policies());
        break;
    }
    await settled();
    this.#allowed = Math.max(this.#concurrent, Math.min(this.#allowed, this.#running));
    const { bulkhead, adaptiveLimit, shed } = this.#line.state();
    expect(bulkhead.queued).toBeLessThanOrEqual(4);
    expect(bulkhead.running).toBeGreaterThanOrEqual(this.#running);
    expect(adaptiveLimit.inFlight).toBe(this.#running);
    expect(shed.inFlight).toBeGreaterThanOrEqual(0);
  }

  /** Everybody is answered in the end, and every permit is back when all work has settled. */
  async end(): Promise<void> {
    await this.#clock.advance(1_000);
    expect(this.#outcomes.every(({ settled }) => settled)).toBe(true);
    for (let round = 0; round < 5; round++) {
      for (const control of this.#controls) control.answerAll();
      await this.#clock.advance(1_000);
    }
    const { bulkhead, adaptiveLimit, shed } = this.#line.state();
    expect([this.#running, bulkhead.running, bulkhead.queued, adaptiveLimit.inFlight, shed.inFlight]).toEqual(
      Array(5).fill(0),
    );
    expect(this.#clock.timers).toBe(0);
  }

  #call(what: Extract<Happening, { kind: 'call' }>): void {
    const control = new CountedWork(what.heeds, by => {
      this.#running += by;
      expect(this.#running).toBeLessThanOrEqual(Math.max(this.#allowed, this.#concurrent));
    });
    const caller = new AbortController();
    const { tenant, deadlineMs, idempotent } = what;
    const deadline = deadlineMs === undefined ? undefined : this.#clock.epochMs() + deadlineMs;
    this.#controls.push(control);
    this.#callers.push(caller);
    this.#outcomes.push(
      outcomeOf(this.#line.run(control.work, { signal: caller.signal, tenant, deadline, idempotent })),
    );
  }

  #policies() {
    return [
      { policy: 'shed', inFlightMax: 50 },
      { policy: 'timeout', timeoutMs: 80 },
      { policy: 'retry', attemptsMax: 3, baseMs: 5, maxMs: 20, unknownToo: true },
      { policy: 'hedge', delayMs: 10 },
      { policy: 'bulkhead', concurrent: this.#concurrent, queued: 4, queueTimeoutMs: 25 },
      { policy: 'adaptiveLimit', limitMin: 5, limitMax: 5 },
      { policy: 'attemptTimeout', timeoutMs: 30 },
    ] as const;
  }
}
