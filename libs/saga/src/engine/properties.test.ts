import type { Answer } from '@ballast/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aHoliday, holiday } from '../examples/holiday.js';
import { advance, start } from './advance.js';
import type { Advanced, Event, Send } from './event.js';
import { hasEnded, type Instance, nextDue, stepsOf, transitions, unparked } from './instance.js';
import { operatorActions } from './operator.js';
import { Participants } from './participants.fixture.js';

const runs = { numRuns: 1_500 };

test('whatever is answered, in whatever order, a terminal state is never left and no rule of the pivot is broken', () => {
  fc.assert(
    fc.property(fc.array(anything(), { maxLength: 60 }), events => {
      let instance = begun().instance;
      let now = 0;
      for (const event of events) {
        if (event.kind === 'timer') now = Math.max(now + 1, nextDue(instance)?.getTime() ?? 0);
        const next = advance(holiday, instance, event, now);
        checkStep(instance, next);
        instance = JSON.parse(JSON.stringify(next.instance)) as Instance<ReturnType<typeof aHoliday>>;
      }
    }),
    runs,
  );
});

test('with participants that keep to the barrier, every saga ends, and what was executed is undone once or not at all', () => {
  fc.assert(
    fc.property(
      fc.array(happening(), { maxLength: 80 }),
      fates(),
      fc.boolean(),
      (happenings, fates, hasDeadline) => {
        const world = new World(fates, hasDeadline ? 20_000 : null);
        for (const what of happenings) world.take(what);
        world.settle();

        const { state } = world.instance;
        const effects = world.participants.effects();
        if (state.kind === 'completed') {
          expect(effects).toEqual(holiday.steps.map(({ name }) => ({ name, done: 1, undone: 0 })));
        } else {
          expect(state.kind).toBe('compensated');
          for (const { name, done, undone } of effects)
            expect({ name, undone }).toEqual({ name, undone: done });
        }
        for (const { name, do: doing, undo } of stepsOf(state)) {
          const acknowledged = undo?.is === 'done' || doing.is === 'rejected' || doing.is === 'aborted';
          expect({ name, acknowledged }).toEqual({ name, acknowledged: state.kind === 'compensated' });
        }
        expect(world.alarms).toBe(0);
      },
    ),
    runs,
  );
});

function begun() {
  return start(holiday, { id: 'an-order', input: aHoliday(), deadlineAt: 20_000 }, 0);
}

/** What has to hold for each single step of the engine, whatever the event was. */
function checkStep(before: Instance, { instance: after, effects }: Advanced): void {
  expect(transitions[before.state.kind]).toContain(after.state.kind);
  if (hasEnded(before.state)) expect(after.state.kind).toBe(before.state.kind);
  else if (!hasEnded(after.state) && after.state.kind !== 'parked') expect(nextDue(after)).not.toBeNull();
  const undos = effects.filter(
    (effect): effect is Send => effect.kind === 'send' && effect.operation === 'undo',
  );
  const pivot = stepsOf(after.state).find(({ name }) => name === 'charge card');
  if (pivot !== undefined && pivot.do.is !== 'rejected' && pivot.do.is !== 'aborted')
    expect(undos).toEqual([]);
  for (const { step, attempt } of undos) {
    const attempts = stepsOf(before.state).find(({ name }) => name === step)?.undo?.attempts ?? 0;
    expect(attempt).toBe(attempts + 1);
  }
  for (const [index, step] of stepsOf(after.state).entries())
    expect(step.name).toBe(holiday.steps[index]?.name);
  expect(effects.filter(({ kind }) => kind === 'finished').length).toBe(
    hasEnded(after.state) && !hasEnded(before.state) ? 1 : 0,
  );
}

/** An event as a broken participant, a double or an operator may cause it. */
function anything(): fc.Arbitrary<Event> {
  const answer = fc.constantFrom<Answer>(
    { outcome: 'done', reply: { airport: 'LIS' } },
    { outcome: 'rejected', code: 'FULL' },
    { outcome: 'aborted' },
    { outcome: 'refused', code: 'BUSY' },
  );
  const answered = fc.record({
    kind: fc.constant('answered' as const),
    step: fc.constantFrom(...holiday.steps.map(({ name }) => name)),
    operation: fc.constantFrom('do' as const, 'undo' as const),
    attempt: fc.integer({ min: 1, max: 4 }),
    answer: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ outcome: 'done', reply: { airport: 'LIS' } } as Answer) },
      { weight: 2, arbitrary: answer },
    ),
  });
  const other = fc.constantFrom<Event>(
    { kind: 'timer' },
    { kind: 'timer' },
    { kind: 'cancel' },
    ...operatorActions.map(action => ({ kind: 'operator', action, id: 'an-action' }) as const),
  );
  return fc.oneof({ weight: 6, arbitrary: answered }, { weight: 1, arbitrary: other });
}

type Happening =
  | {
      readonly kind: 'deliver command';
      readonly pick: number;
      readonly keepsCopy: boolean;
      readonly busy: boolean;
    }
  | { readonly kind: 'deliver answer'; readonly pick: number; readonly keepsCopy: boolean }
  | { readonly kind: 'lose command' | 'lose answer'; readonly pick: number }
  | { readonly kind: 'time passes' | 'timer' | 'cancel' | 'retry' | 'resume' | 'force-undo' };

function happening(): fc.Arbitrary<Happening> {
  const pick = fc.nat(20);
  const keepsCopy = fc.boolean();
  const busy = fc.integer({ min: 0, max: 3 }).map(number => number === 0);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('deliver command' as const), pick, keepsCopy, busy }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('deliver answer' as const), pick, keepsCopy }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('lose command' as const, 'lose answer' as const), pick }),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Happening>({ kind: 'timer' }, { kind: 'timer' }, { kind: 'time passes' }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Happening>(
        { kind: 'cancel' },
        { kind: 'retry' },
        { kind: 'resume' },
        { kind: 'force-undo' },
      ),
    },
  );
}

/** Which steps will be rejected. Mostly none, else the pivot would rarely be reached. */
const fates = () =>
  fc.array(
    fc.integer({ min: 0, max: 11 }).map(number => number === 0),
    { minLength: 4, maxLength: 4 },
  );

class World {
  readonly participants: Participants;
  instance: Instance<ReturnType<typeof aHoliday>>;
  alarms = 0;
  #now = 0;
  readonly #commands: Send[] = [];
  readonly #answers: Event[] = [];

  constructor(fates: readonly boolean[], deadlineAt: number | null) {
    this.participants = new Participants(holiday, fates);
    const first = start(holiday, { id: 'an-order', input: aHoliday(), deadlineAt }, 0);
    this.instance = first.instance;
    this.#note(first);
  }

  take(what: Happening): void {
    switch (what.kind) {
      case 'deliver command': {
        const command = take(this.#commands, what.pick, what.keepsCopy);
        if (command !== undefined)
          this.#answers.push(this.participants.handle(command, this.#now, what.busy));
        return;
      }
      case 'deliver answer': {
        const answer = take(this.#answers, what.pick, what.keepsCopy);
        return answer && this.#advance(answer);
      }
      case 'lose command':
        return void take(this.#commands, what.pick, false);
      case 'lose answer':
        return void take(this.#answers, what.pick, false);
      case 'time passes':
        this.#now += 3_000;
        return;
      case 'timer':
        this.#now = Math.max(this.#now, nextDue(this.instance)?.getTime() ?? 0);
        return this.#advance({ kind: 'timer' });
      case 'cancel':
        return this.#advance({ kind: 'cancel' });
      case 'retry':
      case 'resume':
      case 'force-undo':
        return this.#advance({ kind: 'operator', action: what.kind, id: 'an-action' });
    }
  }

  /** Nothing is lost any more, and nobody is busy: everything that is under way arrives. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      while (this.#commands.length > 0)
        this.take({ kind: 'deliver command', pick: 0, keepsCopy: false, busy: false });
      while (this.#answers.length > 0) this.take({ kind: 'deliver answer', pick: 0, keepsCopy: false });
      if (this.#commands.length > 0) continue;
      if (hasEnded(this.instance.state)) return;
      this.take({ kind: 'resume' });
      this.take({ kind: 'timer' });
    }
    throw new Error(`the saga did not end: ${JSON.stringify(this.instance.state)}`);
  }

  #advance(event: Event): void {
    const next = advance(holiday, this.instance, event, this.#now);
    checkStep(this.instance, next);
    this.instance = JSON.parse(JSON.stringify(next.instance)) as typeof this.instance;
    this.#note(next);
  }

  #note({ effects }: Advanced): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#commands.push(effect);
      if (effect.kind === 'alarm') this.alarms++;
    }
    const { kind } = unparked(this.instance.state);
    if (kind === 'completed') expect(this.participants.effects().every(({ done }) => done === 1)).toBe(true);
  }
}

function take<T>(list: T[], pick: number, keepsCopy: boolean): T | undefined {
  const index = pick % Math.max(list.length, 1);
  return keepsCopy ? list[index] : list.splice(index, 1)[0];
}
