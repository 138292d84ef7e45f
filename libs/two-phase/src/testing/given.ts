import { type Answer, answerOf } from '@ballast/contracts';
import { isDeepStrictEqual } from 'node:util';
import { advance, start } from '../coordinator/advance.js';
import type { Advanced, Effect, Event, Send } from '../coordinator/event.js';
import { type Instance, type Instant, nextDue } from '../coordinator/instance.js';
import type { OperatorAction } from '../coordinator/operator.js';
import type { Definition } from '../definition/definition.js';

export interface Circumstances {
  /** From the start to the deadline; without it there is none. */
  readonly deadlineMs?: number;
  readonly id?: string;
}

/**
 * Begins a sentence about a coordinator: given, expect command, reply, without I/O. A sentence that is not true throws.
 * Each command that is sent has to be expected: none may be left over when a state is expected.
 */
export function given<Input>(
  definition: Definition<Input>,
  input: Input,
  { id = 'an-order', deadlineMs }: Circumstances = {},
): Scenario {
  const deadlineAt = deadlineMs === undefined ? null : noon + deadlineMs;
  const beginning = { id, input: definition.input.parse(input), deadlineAt };
  return new Scenario(definition, start(definition, beginning, noon));
}

const noon: Instant = Date.UTC(2026, 0, 1, 12);

type Alarm = Effect & { kind: 'alarm' };

export class Scenario {
  #instance: Instance;
  #now = noon;
  readonly #sent: Send[] = [];
  readonly #told: (Effect & { kind: 'tell' })[] = [];
  readonly #expected: Send[] = [];
  readonly #alarms: Alarm[] = [];
  readonly #rulings: (Effect & { kind: 'ruled' })[] = [];
  readonly #story: string[] = [];
  #current: Send | undefined;

  constructor(
    private readonly definition: Definition,
    started: Advanced,
  ) {
    this.#story.push(`given ${definition.name}`);
    this.#instance = this.#take(started);
  }

  /** The instance as it would be read back from the database. */
  get instance(): Instance {
    return this.#instance;
  }

  /** A command that was sent and not yet expected. The answer that follows in the sentence is its answer. */
  expectCommand(type: string, expected: { data?: unknown; attempt?: number } = {}): this {
    const index = this.#sent.findIndex(({ command }) => command.type === type);
    const [sent] = index < 0 ? [] : this.#sent.splice(index, 1);
    if (sent === undefined) {
      return this.#fail(
        `expected ${type}, but ${this.#sent.map(shown).join(', ') || 'nothing more'} was sent`,
      );
    }
    for (const [name, value] of Object.entries(expected)) {
      const actual = sent[name as keyof typeof expected];
      if (isDeepStrictEqual(actual, value)) continue;
      return this.#fail(
        `expected ${type} with ${name} ${JSON.stringify(value)}, not ${JSON.stringify(actual)}`,
      );
    }
    this.#story.push(`sent ${shown(sent)}`);
    this.#expected.push(sent);
    this.#current = sent;
    return this;
  }

  /** Goes back to a command that was expected before, so that the answer that follows is its answer. */
  to(type: string, attempt?: number): this {
    const sent = this.#expected.find(
      candidate =>
        candidate.command.type === type && (attempt === undefined || candidate.attempt === attempt),
    );
    if (sent === undefined) return this.#fail(`${type} was not expected before`);
    this.#current = sent;
    return this;
  }

  reply(reply: unknown = {}): this {
    return this.#answer({ outcome: 'done', reply });
  }

  reject(code: string, detail?: string): this {
    return this.#answer({ outcome: 'rejected', code, detail });
  }

  /** The participant says that its abort, or the deadline, came first. */
  aborted(): this {
    return this.#answer({ outcome: 'aborted' });
  }

  /** The participant can't do it now; it is worth another attempt. */
  refuse(code: string): this {
    return this.#answer({ outcome: 'refused', code });
  }

  /** A participant asks what became of its branch. */
  asks(part: string): this {
    return this.#happens({ kind: 'asked', part }, `${part} asks for the decision`);
  }

  cancel(): this {
    return this.#happens({ kind: 'cancel' }, 'a cancel');
  }

  resume(): this {
    return this.#happens({ kind: 'resume' }, 'an operator resumes');
  }

  /** An operator acts; null: it is done, else why it is refused. */
  operator(action: OperatorAction, refusal: string | null, part?: string): this {
    this.#happens({ kind: 'operator', action, id: 'an-action', part }, `an operator: ${action}`);
    const ruled = this.#rulings.shift();
    if (ruled !== undefined && ruled.refusal === refusal) return this;
    return this.#fail(`expected ${refusal ?? 'no refusal'}, not ${ruled?.refusal}`);
  }

  /** Time passes; whatever becomes due on the way is handled when it is due. */
  after(ms: number): this {
    const until = this.#now + ms;
    for (let due = this.#due(); due !== null && due <= until; due = this.#due()) {
      this.#now = Math.max(due, this.#now);
      this.#happens({ kind: 'timer' }, 'the timer');
      if (this.#due() === due) return this.#fail('the timer was due, and changed nothing');
    }
    this.#now = until;
    return this;
  }

  /** Time passes until the instance's timer is due. */
  untilDue(): this {
    const due = this.#due();
    if (due === null) return this.#fail('expected a timer, but there is none');
    this.#now = Math.max(due, this.#now);
    return this.#happens({ kind: 'timer' }, 'the timer');
  }

  /** The decision that has to be stored, with the branches that it is about. It comes before anything is sent. */
  expectDecided(decision: 'commit' | 'abort'): this {
    const entry = `decided: ${decision}`;
    return this.#story.includes(entry) ? this : this.#fail(`expected "${entry}"`);
  }

  expectUndecided(): this {
    return this.#story.some(line => line.startsWith('decided')) ? this.#fail('expected no decision') : this;
  }

  expectTold(type: string, data: unknown): this {
    const told = this.#told.shift();
    if (told?.command.type === type && isDeepStrictEqual(told.data, data)) return this;
    return this.#fail(`expected ${type} to be told, not ${told?.command.type} ${JSON.stringify(told?.data)}`);
  }

  expectAlarm(alarm: Alarm['alarm'], part: string): this {
    const raised = this.#alarms.shift();
    if (raised?.alarm === alarm && raised.part === part) return this;
    return this.#fail(
      `expected the alarm ${alarm} for "${part}", not ${raised?.alarm} for "${raised?.part}"`,
    );
  }

  expectNothing(): this {
    const [sent] = this.#sent;
    if (sent !== undefined) return this.#fail(`expected nothing, but ${shown(sent)} was sent`);
    const [alarm] = this.#alarms;
    return alarm === undefined ? this : this.#fail(`expected no alarm: ${alarm.alarm}, ${alarm.detail}`);
  }

  /** `preparing`, `committing`, `aborting (REASON)`, `parked (...)`, `committed`, `aborted (REASON)`. */
  expectState(expected: string): this {
    this.expectNothing();
    const { state } = this.#instance;
    const actual = 'reason' in state ? `${state.kind} (${state.reason})` : state.kind;
    return actual === expected ? this : this.#fail(`expected ${expected}, not ${actual}`);
  }

  #answer(answer: Answer): this {
    const sent = this.#current;
    if (sent === undefined) return this.#fail('an answer, but no command was expected');
    const checked = answerOf(sent.command).safeParse(answer);
    if (!checked.success) return this.#fail(`no answer of ${sent.command.type}: ${checked.error.message}`);
    const { part, operation, attempt } = sent;
    return this.#happens(
      { kind: 'answered', part, operation, attempt, answer: checked.data },
      `${sent.command.type} (attempt ${attempt}) is answered ${JSON.stringify(answer)}`,
    );
  }

  #happens(event: Event, what: string): this {
    this.#story.push(what);
    this.#instance = this.#take(advance(this.definition, this.#instance, event, this.#now));
    return this;
  }

  #take({ instance, effects }: Advanced): Instance {
    for (const [index, effect] of effects.entries()) {
      if (effect.kind === 'send') this.#sent.push(effect);
      if (effect.kind === 'tell') this.#told.push(effect);
      if (effect.kind === 'alarm') this.#alarms.push(effect);
      if (effect.kind === 'ruled') this.#rulings.push(effect);
      if (effect.kind !== 'decided') continue;
      this.#story.push(`decided: ${effect.decision}`);
      if (index > 0) this.#fail('the decision has to come first');
    }
    return JSON.parse(JSON.stringify(instance)) as Instance;
  }

  #due(): Instant | null {
    return nextDue(this.#instance)?.getTime() ?? null;
  }

  #fail(why: string): never {
    throw new Error(`${why}\n  ${this.#story.join('\n  ')}\n  ${JSON.stringify(this.#instance?.state)}`);
  }
}

const shown = ({ command, attempt }: Send): string => `${command.type} (attempt ${attempt})`;
