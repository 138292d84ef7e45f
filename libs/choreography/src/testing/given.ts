import { type Answer, answerOf, type DataOf, type EventType } from '@ballast/contracts';
import { isDeepStrictEqual } from 'node:util';
import { type Choreography, watcherOf } from '../definition/definition.js';
import { advance, begin, nextDue } from '../engine/advance.js';
import type { Advanced, Alarm, Effect, Event } from '../engine/event.js';
import type { Instant, Progress } from '../engine/progress.js';

/**
 * Begins a sentence about one participant of a choreography: given, hears, expect it to perform, done, expect it to
 * announce, without I/O. A sentence that is not true throws. Whatever it does has to be expected: nothing may be left
 * over when nothing more, or a state, is expected.
 */
export function given(
  choreography: Choreography,
  participant: string,
  { id = 'an-order', deadlineMs }: { readonly id?: string; readonly deadlineMs?: number } = {},
): Scenario {
  const known = new Set([watcherOf(choreography), ...choreography.reactions.map(one => one.participant)]);
  if (!known.has(participant))
    throw new Error(`${participant} has no part in ${choreography.name}: ${[...known].join(', ')} have`);
  const deadlineAt = deadlineMs === undefined ? null : noon + deadlineMs;
  return new Scenario(choreography, begin(choreography, participant, id, noon), deadlineAt);
}

const noon: Instant = Date.UTC(2026, 0, 1, 12);

type Doing = Effect & { kind: 'perform' };
type Word = Effect & { kind: 'emit' };
type Warning = Effect & { kind: 'alarm' };

export class Scenario {
  #now = noon;
  readonly #doing: Doing[] = [];
  readonly #said: Word[] = [];
  readonly #warnings: Warning[] = [];
  readonly #story: string[] = [];
  #current: string | undefined;

  constructor(
    private readonly choreography: Choreography,
    private kept: Progress,
    private readonly deadlineAt: Instant | null,
  ) {
    this.#story.push(`given ${kept.participant} in ${choreography.name}`);
  }

  /** The progress as it would be read back from the database. */
  get progress(): Progress {
    return this.kept;
  }

  hears<E extends EventType>(event: E, data: DataOf<E>): this {
    return this.#happens(
      { kind: 'heard', event: event.type, data: event.data.parse(data), deadlineAt: this.deadlineAt },
      `hears ${event.type}`,
    );
  }

  /** An operation that it hands to its own barrier. The answer that follows in the sentence is that one's. */
  expectPerforms(
    type: string,
    expected: { data?: unknown; attempt?: number; deadlineAt?: Instant | null } = {},
  ): this {
    const index = this.#doing.findIndex(({ command }) => command.type === type);
    const [doing] = index < 0 ? [] : this.#doing.splice(index, 1);
    if (doing === undefined) return this.#fail(`expected ${type} to be performed`);
    for (const [name, value] of Object.entries(expected)) {
      const actual = doing[name as keyof typeof expected];
      if (isDeepStrictEqual(actual, value)) continue;
      return this.#fail(
        `expected ${type} with ${name} ${JSON.stringify(value)}, not ${JSON.stringify(actual)}`,
      );
    }
    this.#story.push(`performs ${type}`);
    this.#current = type;
    return this;
  }

  /** Goes back to an operation that was expected before, so that the answer that follows is its answer. */
  of(type: string): this {
    this.#current = type;
    return this;
  }

  done(reply: unknown = {}): this {
    return this.#performed({ outcome: 'done', reply });
  }

  rejected(code: string): this {
    return this.#performed({ outcome: 'rejected', code });
  }

  refused(code: string): this {
    return this.#performed({ outcome: 'refused', code }, false);
  }

  aborted(changed: boolean): this {
    return this.#performed({ outcome: 'aborted' }, changed);
  }

  /** The barrier had the answer already: somebody has announced it before. */
  doneBefore(reply: unknown = {}): this {
    return this.#performed({ outcome: 'done', reply }, false);
  }

  expectAnnounces(event: EventType, data?: unknown): this {
    const index = this.#said.findIndex(word => word.event === event);
    const [word] = index < 0 ? [] : this.#said.splice(index, 1);
    if (word === undefined) return this.#fail(`expected ${event.type} to be announced`);
    if (!event.data.safeParse(word.data).success) return this.#fail(`${event.type} breaks its contract`);
    if (data !== undefined && !isDeepStrictEqual(word.data, data)) {
      return this.#fail(
        `expected ${event.type} with ${JSON.stringify(data)}, not ${JSON.stringify(word.data)}`,
      );
    }
    this.#story.push(`announces ${event.type}`);
    return this;
  }

  expectNothing(): this {
    const left = [
      ...this.#doing.map(({ command }) => `performs ${command.type}`),
      ...this.#said.map(({ event }) => `announces ${event.type}`),
      ...this.#warnings.map(({ alarm, detail }) => `alarm ${alarm}: ${detail}`),
    ];
    return left.length === 0 ? this : this.#fail(`expected nothing, but: ${left.join(', ')}`);
  }

  expectAlarm(alarm: Alarm): this {
    return this.#warnings.shift()?.alarm === alarm ? this : this.#fail(`expected the alarm ${alarm}`);
  }

  expectReaction(type: string, is: string): this {
    this.expectNothing();
    const actual = this.kept.reactions[type]?.is;
    return actual === is ? this : this.#fail(`expected ${type} to be ${is}, not ${actual}`);
  }

  /** What the watcher shows: `running`, `completed`, `cancelled`, or `parked (...)`. */
  expectOrder(expected: string): this {
    this.expectNothing();
    const { watch } = this.kept;
    const actual =
      watch === null ? 'not watched' : watch.parked === null ? watch.state : `parked (${watch.parked})`;
    return actual === expected ? this : this.#fail(`expected the order to be ${expected}, not ${actual}`);
  }

  cancel(): this {
    return this.#happens({ kind: 'cancel' }, 'a cancel');
  }

  resume(): this {
    return this.#happens({ kind: 'resume' }, 'an operator resumes');
  }

  /** Time passes until the timer is due. */
  untilDue(): this {
    const due = nextDue(this.choreography, this.kept)?.getTime();
    if (due === undefined) return this.#fail('expected a timer, but there is none');
    this.#now = Math.max(due, this.#now);
    return this.#happens({ kind: 'timer' }, 'the timer');
  }

  #performed(answer: Answer, changed = true): this {
    const reaction = this.choreography.reactions.find(({ command }) => command.type === this.#current);
    if (reaction === undefined) return this.#fail('an answer, but nothing was performed');
    const { command } = reaction;
    const checked = answerOf(command).safeParse(answer);
    if (!checked.success) return this.#fail(`no answer of ${command.type}: ${checked.error.message}`);
    const event = { kind: 'performed', command: command.type, answer: checked.data, changed } as const;
    return this.#happens(event, `${command.type} is answered ${JSON.stringify(answer)}`);
  }

  #happens(event: Event, what: string): this {
    this.#story.push(what);
    return this.#take(advance(this.choreography, this.kept, event, this.#now));
  }

  #take({ progress, effects }: Advanced): this {
    for (const effect of effects) {
      if (effect.kind === 'perform') this.#doing.push(effect);
      if (effect.kind === 'emit') this.#said.push(effect);
      if (effect.kind === 'alarm') this.#warnings.push(effect);
    }
    this.kept = JSON.parse(JSON.stringify(progress)) as Progress;
    return this;
  }

  #fail(why: string): never {
    throw new Error(`${why}\n  ${this.#story.join('\n  ')}\n  ${JSON.stringify(this.kept)}`);
  }
}
