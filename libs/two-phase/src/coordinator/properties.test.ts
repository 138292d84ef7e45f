import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Definition } from '../definition/definition.js';
import { aHoliday, preparedHoliday, triedHoliday } from '../examples/holiday.js';
import { advance, start } from './advance.js';
import type { Advanced, Event, Send } from './event.js';
import { decisionOf, hasEnded, type Instance, nextDue, transitions } from './instance.js';
import { followUp, type Participant, Prepared, Tried } from './participants.fixture.js';

/*
 * One holiday, and a network that does its worst: messages of everybody come in any order, twice, or not at all. The
 * simulation knows the shop, and keeps the order of each sender's messages; here nothing is kept.
 */

const protocols = [
  { protocol: 'tcc', definition: triedHoliday as unknown as Definition<never>, Party: Tried },
  { protocol: 'two-phase', definition: preparedHoliday as unknown as Definition<never>, Party: Prepared },
];

test.each(protocols)(
  '$protocol: whatever is delivered when, it ends, with all of it done once or nothing, and nobody is alarmed',
  ({ definition, Party }) => {
    fc.assert(
      fc.property(
        fc.array(happening(), { maxLength: 80 }),
        fates(),
        fc.boolean(),
        (happenings, rejections, hasDeadline) => {
          const participants = definition.branches.map(
            ({ name }, index) => new Party(name, rejections[index]!),
          );
          const world = new World(definition, participants, hasDeadline ? 8_000 : null);
          for (const what of happenings) world.take(what);
          world.settle();
          const { kind } = world.instance.state;
          const done = kind === 'committed';
          expect(['committed', 'aborted']).toContain(kind);
          for (const { effect, times } of participants) {
            expect(effect).toBe(done ? 'done' : 'nothing');
            expect(times.done).toBe(done ? 1 : 0);
            expect(times.setAside).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 1_500 },
    );
  },
);

type Happening =
  | {
      readonly kind: 'deliver command';
      readonly pick: number;
      readonly keepsCopy: boolean;
      readonly busy: boolean;
    }
  | { readonly kind: 'deliver answer'; readonly pick: number; readonly keepsCopy: boolean }
  | { readonly kind: 'lose command' | 'lose answer' | 'work' | 'restart' | 'wait'; readonly pick: number }
  | { readonly kind: 'time passes' | 'timer' | 'cancel' | 'retry' | 'resume' | 'force-undo' };

function happening(): fc.Arbitrary<Happening> {
  const pick = fc.nat(20);
  const keepsCopy = fc.boolean();
  const busy = fc.integer({ min: 0, max: 3 }).map(number => number === 0);
  const usual = (kind: 'work') => fc.record({ kind: fc.constant(kind), pick });
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('deliver command' as const), pick, keepsCopy, busy }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('deliver answer' as const), pick, keepsCopy }) },
    { weight: 6, arbitrary: usual('work') },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom<'lose command' | 'lose answer' | 'restart' | 'wait'>(
          'lose command',
          'lose answer',
          'restart',
          'wait',
        ),
        pick,
      }),
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

/** Who will say no: mostly nobody. */
const fates = () =>
  fc.array(
    fc.integer({ min: 0, max: 7 }).map(number => number === 0),
    { minLength: 2, maxLength: 2 },
  );

class World {
  instance: Instance<never>;
  #now = 0;
  readonly #commands: Send[] = [];
  readonly #answers: Event[] = [];

  constructor(
    private readonly definition: Definition<never>,
    private readonly participants: readonly (Participant & { readonly name: string })[],
    deadlineAt: number | null,
  ) {
    const first = start(definition, { id: 'an-order', input: aHoliday() as never, deadlineAt }, 0);
    this.instance = first.instance;
    this.#note(first);
  }

  take(what: Happening): void {
    switch (what.kind) {
      case 'deliver command': {
        const command = take(this.#commands, what.pick, what.keepsCopy);
        if (command !== undefined) this.#deliver(command, what.busy);
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
      case 'work':
        return void this.#answers.push(...this.#party(what.pick).work(what.pick >> 1, this.#now));
      case 'restart':
        return void this.#answers.push(...this.#party(what.pick).restart(this.#now));
      case 'wait':
        this.#now += 5_000;
        return void this.#answers.push(...this.#party(what.pick).wait(this.#now));
      case 'time passes':
        this.#now += 3_000;
        return;
      case 'timer':
        this.#now = Math.max(this.#now, nextDue(this.instance)?.getTime() ?? 0);
        return this.#advance({ kind: 'timer' });
      case 'cancel':
      case 'resume':
        return this.#advance({ kind: what.kind });
      case 'retry':
      case 'force-undo':
        return this.#advance({ kind: 'operator', action: what.kind, id: 'an-action' });
    }
  }

  /** Nothing is lost any more, and nobody is busy: everything that is under way arrives. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      while (this.#commands.length > 0)
        this.take({ kind: 'deliver command', pick: 0, keepsCopy: false, busy: false });
      for (const party of this.participants) {
        while (party.tasks.length > 0) this.#answers.push(...party.work(0, this.#now));
      }
      while (this.#answers.length > 0) this.take({ kind: 'deliver answer', pick: 0, keepsCopy: false });
      if (this.#commands.length > 0 || this.participants.some(({ tasks }) => tasks.length > 0)) continue;
      if (hasEnded(this.instance.state) && this.participants.every(({ effect }) => effect !== 'set aside'))
        return;
      for (const [index] of this.participants.entries()) this.take({ kind: 'wait', pick: index });
      this.take({ kind: 'resume' });
      this.take({ kind: 'timer' });
    }
    throw new Error(`it did not end: ${JSON.stringify(this.instance.state)}`);
  }

  #party(pick: number): Participant {
    return this.participants[pick % this.participants.length]!;
  }

  #deliver(command: Send, busy: boolean): void {
    const party = this.participants.find(({ name }) => name === command.part);
    if (party === undefined) this.#answers.push(followUp(command, busy));
    else this.#answers.push(...party.handle(command, this.#now, busy));
  }

  #advance(event: Event): void {
    const before = this.instance.state;
    const next = advance(this.definition, this.instance, event, this.#now);
    const after = next.instance.state;
    expect(transitions[before.kind]).toContain(after.kind);
    const decided = decisionOf(before);
    if (decided !== null) expect(decisionOf(after)).toBe(decided);
    const tells = next.effects.filter(({ kind }) => kind === 'decided').length;
    expect(tells).toBe(decided === null && decisionOf(after) !== null ? 1 : 0);
    if (!hasEnded(after) && after.kind !== 'parked') expect(nextDue(next.instance)).not.toBeNull();
    this.instance = JSON.parse(JSON.stringify(next.instance)) as Instance<never>;
    this.#note(next);
  }

  #note({ effects }: Advanced): void {
    for (const effect of effects) {
      if (effect.kind === 'alarm') throw new Error(`${effect.alarm}: ${effect.detail}`);
      if (effect.kind === 'send') this.#commands.push(effect);
    }
  }
}

function take<T>(list: T[], pick: number, keepsCopy: boolean): T | undefined {
  const index = pick % Math.max(list.length, 1);
  return keepsCopy ? list[index] : list.splice(index, 1)[0];
}
