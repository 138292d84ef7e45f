import { type Answer, answerOf } from '@ballast/contracts';
import { isDeepStrictEqual } from 'node:util';
import type { Definition } from '../definition/definition.js';
import { advance, start } from '../engine/advance.js';
import type { Advanced, Effect, Event, Send } from '../engine/event.js';
import { type Instance, type Instant, nextDue, stepsOf } from '../engine/instance.js';
import type { OperatorAction } from '../engine/operator.js';

export interface Circumstances {
  /** From the start to the deadline; without it there is none. */
  readonly deadlineMs?: number;
  readonly id?: string;
}

/**
 * Begins a sentence about a saga: given, expect command, reply, without I/O. A sentence that is not true throws.
 * Each command that is sent has to be expected: none may be left over when a state is expected.
 */
export function given<Input>(
  saga: Definition<Input>,
  input: Input,
  { id = 'an-order', deadlineMs }: Circumstances = {},
): Scenario {
  const deadlineAt = deadlineMs === undefined ? null : noon + deadlineMs;
  return new Scenario(saga, start(saga, { id, input: saga.input.parse(input), deadlineAt }, noon));
}

const noon: Instant = Date.UTC(2026, 0, 1, 12);

type Alarm = Effect & { kind: 'alarm' };

export class Scenario {
  #instance: Instance;
  #now = noon;
  readonly #told: (Effect & { kind: 'tell' })[] = [];
  readonly #sent: Send[] = [];
  readonly #expected: Send[] = [];
  readonly #alarms: Alarm[] = [];
  readonly #refusals: string[] = [];
  readonly #story: string[] = [];
  #current: Send | undefined;

  constructor(
    private readonly saga: Definition,
    started: Advanced,
  ) {
    this.#story.push(`given ${saga.name}`);
    this.#instance = this.#take(started);
  }

  /** The instance as it would be read back from the database. */
  get instance(): Instance {
    return this.#instance;
  }

  /** Milliseconds since 1970 in this sentence's time. */
  get now(): Instant {
    return this.#now;
  }

  /** A command that was sent and not yet expected. The answer that follows in the sentence is its answer. */
  expectCommand(
    type: string,
    expected: { data?: unknown; attempt?: number; deadlineAt?: Instant | null } = {},
  ): this {
    const index = this.#sent.findIndex(({ command }) => command.type === type);
    const [sent] = index < 0 ? [] : this.#sent.splice(index, 1);
    if (sent === undefined) {
      return this.#fail(
        `expected ${type}, but ${this.#sent.map(shown).join(', ') || 'nothing more'} was sent`,
      );
    }
    for (const [name, value] of Object.entries(expected)) {
      const actual = sent[name as keyof typeof expected];
      if (!isDeepStrictEqual(actual, value)) {
        return this.#fail(
          `expected ${type} with ${name} ${JSON.stringify(value)}, not ${JSON.stringify(actual)}`,
        );
      }
    }
    const checked = sent.command.data.safeParse(sent.data);
    if (!checked.success) return this.#fail(`no data of ${type}: ${checked.error.message}`);
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

  /** The participant says that the undo, or the deadline, came first. */
  abort(): this {
    return this.#answer({ outcome: 'aborted' });
  }

  /** The participant can't do it now; it is worth another attempt. */
  refuse(code: string): this {
    return this.#answer({ outcome: 'refused', code });
  }

  cancel(): this {
    return this.#happens({ kind: 'cancel' }, 'a cancel');
  }

  resume(): this {
    return this.operator('resume');
  }

  /** An operator interferes. A refusal has to be expected. */
  operator(action: OperatorAction, more: { step?: string; reply?: unknown } = {}): this {
    return this.#happens({ kind: 'operator', action, id: 'an-action', ...more }, `an operator's ${action}`);
  }

  /** The operator's last action was refused, for a reason with these words. */
  expectRefused(words: string): this {
    const refusal = this.#refusals.shift();
    if (refusal?.includes(words) === true) return this;
    return this.#fail(`expected a refusal with "${words}", not ${refusal ?? 'none'}`);
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

  /** The deadline passes while the timer is late: only the next event will notice. */
  deadlinePassesUnnoticed(): this {
    if (this.#instance.deadlineAt === null) return this.#fail('there is no deadline');
    this.#now = this.#instance.deadlineAt;
    return this;
  }

  expectNothing(): this {
    const [sent] = this.#sent;
    if (sent !== undefined) return this.#fail(`expected nothing, but ${shown(sent)} was sent`);
    const [refusal] = this.#refusals;
    if (refusal !== undefined) return this.#fail(`an operator was refused: ${refusal}`);
    const [alarm] = this.#alarms;
    return alarm === undefined ? this : this.#fail(`expected no alarm: ${alarm.alarm}, ${alarm.detail}`);
  }

  expectAlarm(alarm: Alarm['alarm'], step: string): this {
    const raised = this.#alarms.shift();
    if (raised?.alarm === alarm && raised.step === step) return this;
    return this.#fail(
      `expected the alarm ${alarm} for "${step}", not ${raised?.alarm} for "${raised?.step}"`,
    );
  }

  expectTold(type: string, data: unknown): this {
    const told = this.#told.shift();
    if (told?.command.type === type && isDeepStrictEqual(told.data, data)) return this;
    return this.#fail(`expected ${type} to be told, not ${told?.command.type} ${JSON.stringify(told?.data)}`);
  }

  expectStep(name: string, operation: 'do' | 'undo', is: string, attempts?: number): this {
    const state = stepsOf(this.#instance.state).find(step => step.name === name)?.[operation];
    if (state?.is === is && (attempts === undefined || state.attempts === attempts)) return this;
    return this.#fail(
      `expected the ${operation} of "${name}" to be ${is} (${attempts}), not ${JSON.stringify(state)}`,
    );
  }

  expectRunning(): this {
    return this.#expectState('running');
  }

  expectCompensating(reason: string): this {
    return this.#expectState('compensating', reason);
  }

  expectParked(reason: string): this {
    return this.#expectState('parked', reason);
  }

  expectCompleted(): this {
    return this.#expectState('completed');
  }

  expectCompensated(reason: string): this {
    return this.#expectState('compensated', reason);
  }

  #expectState(kind: string, reason?: string): this {
    this.expectNothing();
    const { state } = this.#instance;
    const actual = 'reason' in state ? `${state.kind} (${state.reason})` : state.kind;
    const expected = reason === undefined ? kind : `${kind} (${reason})`;
    return actual === expected ? this : this.#fail(`expected ${expected}, not ${actual}`);
  }

  #answer(answer: Answer): this {
    const sent = this.#current;
    if (sent === undefined) return this.#fail('an answer, but no command was expected');
    const checked = answerOf(sent.command).safeParse(answer);
    if (!checked.success) return this.#fail(`no answer of ${sent.command.type}: ${checked.error.message}`);
    const { step, operation, attempt } = sent;
    return this.#happens(
      { kind: 'answered', step, operation, attempt, answer: checked.data },
      `${sent.command.type} (attempt ${attempt}) is answered ${JSON.stringify(answer)}`,
    );
  }

  #happens(event: Event, what: string): this {
    this.#story.push(what);
    this.#instance = this.#take(advance(this.saga, this.#instance, event, this.#now));
    return this;
  }

  #take({ instance, effects }: Advanced): Instance {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#sent.push(effect);
      if (effect.kind === 'tell') this.#told.push(effect);
      if (effect.kind === 'alarm') this.#alarms.push(effect);
      if (effect.kind === 'ruled' && effect.refusal !== null) this.#refusals.push(effect.refusal);
    }
    return JSON.parse(JSON.stringify(instance)) as Instance;
  }

  #due(): Instant | null {
    return nextDue(this.#instance)?.getTime() ?? null;
  }

  #fail(why: string): never {
    throw new Error(`${why}\n  ${this.#story.join('\n  ')}\n  ${JSON.stringify(this.#instance.state)}`);
  }
}

const shown = ({ command, attempt }: Send): string => `${command.type} (attempt ${attempt})`;
