import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Events } from '../policy/events.js';
import {
  bug,
  ControlledWork,
  type Outcome,
  outcomeOf,
  rejected,
  transient,
  unclear,
} from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { type BreakerState, breakerTransitions } from './breaker-state.js';
import { Breaker, type BreakerConfiguration } from './breaker.js';

const numbers: BreakerConfiguration = {
  policy: 'breaker',
  failureRate: 0.5,
  slowCallMs: 300,
  slowRate: 0.7,
  windowMs: 2_000,
  callsMin: 3,
  openMs: 500,
  probes: 2,
  probeTimeoutMs: 400,
  rampMs: 600,
  rampTo: 4,
};

const errors = { transient, rejected, unclear, bug };

const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call' as const), heeds: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(6) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      which: fc.nat(6),
      how: fc.constantFrom('transient', 'transient', 'unclear', 'rejected', 'bug'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give up' as const), which: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'open' as const }, { kind: 'close' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reconfigure' as const),
      probes: fc.integer({ min: 1, max: 3 }),
      rampMs: fc.constantFrom(0, 300, 600),
    }),
  },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Rare by chance: its dependency fails, and is back. */
const failing: Happening[] = Array.from({ length: numbers.callsMin }, (): Happening[] => [
  { kind: 'call', heeds: true },
  { kind: 'fail', which: 0, how: 'transient' },
]).flat();
const outage: Happening[] = [...failing, { kind: 'wait', ms: numbers.openMs }];
const answering: Happening[] = Array.from({ length: numbers.probes }, (): Happening[] => [
  { kind: 'call', heeds: true },
  { kind: 'answer', which: 0 },
]).flat();
const comingBack = [...outage, ...answering];

/** What chance alone does not bring in every run: failing while it comes back, and coming back without a ramp. */
const rare: [boolean, Happening[]][] = [
  [true, failing],
  [true, [{ kind: 'open' }]],
  [false, [...outage, { kind: 'reconfigure', probes: numbers.probes, rampMs: 0 }, ...answering]],
];

test("a breaker's transitions are a subset of the declared graph, and all of it is walked", async () => {
  const walked = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(happening, { maxLength: 80, size: 'max' }),
      async (isBack, more) => {
        const happenings = isBack ? [...comingBack, ...more] : more;
        const clock = new VirtualClock();
        const events = new Events('carrier');
        const breaker = new Breaker(numbers, { clock, events });
        let state = 'closed' as BreakerState['kind'];
        events.subscribe(event => {
          if (event.kind !== 'breaker') return;
          expect(event.from).toBe(state);
          expect(breakerTransitions[state]).toContain(event.to);
          walked.add(`${event.from} ${event.to}`);
          state = event.to as BreakerState['kind'];
        });
        const calls: { control: ControlledWork; caller: AbortController; outcome: Outcome }[] = [];
        const open = () => calls.filter(({ outcome }) => !outcome.settled);
        let probes = numbers.probes;
        let probesNow = probes;
        for (const what of happenings) {
          const call = 'which' in what ? open().at(-1 - what.which) : undefined;
          const before = state;
          if (what.kind === 'call') {
            const control = new ControlledWork(what.heeds);
            const caller = new AbortController();
            const outcome = outcomeOf(breaker.run(control.work, { signal: caller.signal }));
            calls.push({ control, caller, outcome });
            if (before === 'isolated') expect(control.started).toBe(0);
            if (before === 'closed') expect(control.started).toBe(1);
          } else if (what.kind === 'answer' && call?.control.started) call.control.answer('well', 0);
          else if (what.kind === 'fail' && call?.control.started) {
            call.control.fail(errors[what.how as keyof typeof errors](), 0);
          } else if (what.kind === 'give up') call?.caller.abort();
          else if (what.kind === 'wait') await clock.advance(what.ms);
          else if (what.kind === 'open') breaker.open();
          else if (what.kind === 'close') breaker.close();
          else if (what.kind === 'reconfigure') {
            probesNow = what.probes;
            probes = Math.max(probes, probesNow);
            breaker.reconfigure({ ...numbers, probes: what.probes, rampMs: what.rampMs });
          }
          await settled();
          const now = breaker.state();
          expect(now.state).toBe(state);
          if (now.state === 'half-open') expect(now.probing + now.answered).toBeLessThanOrEqual(probes);
          // Or nobody would ever find out whether it is back.
          if (now.state === 'half-open' && now.probing === 0) expect(now.answered).toBeLessThan(probesNow);
          expect(now.failures).toBeLessThanOrEqual(now.calls);
        }
        for (const { caller } of calls) caller.abort();
        await clock.advance(10_000);
        expect(open()).toEqual([]);
        expect(clock.timers).toBe(0);
      },
    ),
    { numRuns: 400, examples: rare },
  );
  const declared = Object.entries(breakerTransitions).flatMap(([from, all]) =>
    all.map(to => `${from} ${to}`),
  );
  expect([...walked].sort()).toEqual(declared.sort());
});
