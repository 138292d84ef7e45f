import {
  type Answer,
  askDecision,
  cancelSaga,
  type DataOf,
  operatorCommands,
  startSaga,
} from '@ballast/contracts';
import type { Message, Outgoing, Ruling, Timer, Work } from '@ballast/messaging';
import { type OperatorAction, operatorActions } from '@ballast/saga';
import { nextDue, type State } from '../storage/instance.js';
import type { Known, SagaChanges, StoredSaga } from '../storage/saga-repository.js';
import { outgoing } from './commands.js';
import type { Definitions } from './definitions.js';
import type { Advanced, Beginning, Event, Flow } from './flow.js';
import { type Note, noteOf } from './notes.js';

/**
 * One pass in memory: takes its work in order, and knows in the end what is to be stored and sent. Nothing that was
 * handed in is changed, so that the same pass can be made again.
 */
export class SagaPass {
  readonly send: Outgoing[] = [];
  /** For the log, once it is committed. */
  readonly notes: Note[] = [];
  readonly #known = new Map<string, Known>();
  readonly #timers = new Map<string, Timer>();
  readonly #started = new Set<string>();
  readonly #advanced = new Map<string, StoredSaga>();
  readonly #cancelledEarly = new Map<string, number>();
  readonly #settled: string[] = [];
  readonly #parkings = new Map<string, string | null>();
  readonly #rulings: Ruling[] = [];

  /** @param recall what was known of an order before this pass */
  constructor(
    private readonly definitions: Definitions,
    private readonly now: Date,
    private readonly recall: (orderId: string) => Known,
  ) {}

  /** Throws when the work is at fault: a message that breaks its contract, or a bug in a definition. */
  take(work: Work): void {
    if (work.kind === 'submitted') throw new TypeError('nothing is submitted to the sagas');
    if (work.kind === 'timer') this.#timer(work.orderId, work.lane);
    else if (work.message.type === startSaga.type) this.#start(work.message, work.lane);
    else if (work.message.type === cancelSaga.type) this.#cancel(work.message, work.lane);
    else if (work.message.type.endsWith('.answered')) this.#answered(work.message);
    else if (work.message.type === askDecision.type) this.#asked(work.message, work.lane);
    else this.#operated(work.message, work.lane);
  }

  get timers(): Timer[] {
    return [...this.#timers.values()];
  }

  /** Every saga that has changed, as it is now. */
  get advanced(): StoredSaga[] {
    return [...this.#advanced.values()];
  }

  changes(): SagaChanges {
    return {
      now: this.now,
      started: [...this.#started].map(orderId => this.#advanced.get(orderId)!),
      advanced: this.advanced.filter(({ instance }) => !this.#started.has(instance.id)),
      cancelledEarly: [...this.#cancelledEarly].map(([orderId, lane]) => ({ orderId, lane })),
      settled: this.#settled,
      parkings: this.#parkings,
      rulings: this.#rulings,
    };
  }

  #start(message: Message, lane: number): void {
    const { definition: name, input, deadline } = startSaga.data.parse(message.data);
    const orderId = message.subject;
    const known = this.#look(orderId);
    if (known.kind === 'saga') return;
    const flow = this.#newest(name);
    if (known.kind === 'cancelled early') this.#settle(orderId);
    const beginning = { id: orderId, deadlineAt: Date.parse(deadline) };
    this.#started.add(orderId);
    this.#born(this.#begin(flow, known, beginning, input), message, lane);
  }

  #newest(name: string): Flow {
    const flow = this.definitions.newest(name);
    // Nothing can be told to anybody, but the next deployment may know it: for an operator to replay.
    if (flow === undefined) throw new TypeError(`there is no saga "${name}" here`);
    return flow;
  }

  #born(started: Advanced, message: Message, lane: number): StoredSaga {
    const stored = { lane, instance: started.instance, trace: traceOf(message) };
    this.#keep(stored, started);
    return stored;
  }

  #begin(flow: Flow, known: Known, beginning: Omit<Beginning, 'input'>, input: unknown): Advanced {
    const now = this.now.getTime();
    const checked = flow.input.safeParse(input);
    if (!checked.success) {
      // A replay would find the same: the order ends, visibly. The input is not kept, as it can be anything.
      const fields = {
        orderId: beginning.id,
        definition: flow.name,
        issues: checked.error.issues.slice(0, 10),
      };
      this.notes.push({
        level: 'error',
        text: 'a saga was started with an input that it does not take',
        fields,
      });
      return flow.startUndone({ ...beginning, input: null }, 'INVALID_INPUT', now);
    }
    const instance = { ...beginning, input: checked.data };
    return known.kind === 'cancelled early'
      ? flow.startUndone(instance, 'CANCELLED', now)
      : flow.start(instance, now);
  }

  #cancel(message: Message, lane: number): void {
    cancelSaga.data.parse(message.data);
    const orderId = message.subject;
    const known = this.#look(orderId);
    if (known.kind === 'saga') return void this.#advance(known.saga, { kind: 'cancel' });
    if (known.kind === 'cancelled early') return;
    this.#cancelledEarly.set(orderId, lane);
    this.#known.set(orderId, { kind: 'cancelled early' });
  }

  #settle(orderId: string): void {
    // One of this very pass is not stored at all.
    if (!this.#cancelledEarly.delete(orderId)) this.#settled.push(orderId);
  }

  #answered(message: Message): void {
    const orderId = message.subject;
    if (message.sagaid !== undefined && message.sagaid !== orderId) {
      return this.#unasked(message, `it is for saga ${message.sagaid}`);
    }
    const known = this.#look(orderId);
    if (known.kind !== 'saga') return this.#unasked(message, 'nobody knows the saga');
    const { saga } = known;
    const flow = this.#flowOf(saga);
    if (message.type === flow.noticeAnswer) return;
    const answered = flow.answers.get(message.type);
    if (answered === undefined) return this.#unasked(message, `it answers nothing of ${flow.name}`);
    if (message.step !== answered.step) {
      return this.#unasked(message, `it answers "${answered.step}", but says "${message.step}"`);
    }
    const answer = storable(answered.answer.parse(message.data));
    const { step, operation } = answered;
    this.#advance(saga, { kind: 'answered', step, operation, attempt: message.attempt ?? 1, answer });
  }

  /** Nothing that comes later depends on it: it must not make its order wait for an operator, as a dead letter would. */
  #unasked({ type, id: messageId, subject: orderId }: Message, why: string): void {
    const fields = { orderId, type, messageId, why };
    this.notes.push({ level: 'warn', text: 'an answer that nobody asked for was ignored', fields });
  }

  /**
   * A participant asks for the decision. Of an order that nobody knows it is that nothing happens, which is put on record
   * before it is answered: a start that comes later finds it.
   */
  #asked(message: Message, lane: number): void {
    const { branch, definition } = askDecision.data.parse(message.data);
    const orderId = message.subject;
    const known = this.#look(orderId);
    if (known.kind === 'saga') return void this.#advance(known.saga, { kind: 'asked', branch });
    const reason = known.kind === 'cancelled early' ? 'CANCELLED' : 'TIMEOUT';
    const beginning = { id: orderId, input: null, deadlineAt: null };
    const aborted = this.#newest(definition).startUndone(beginning, reason, this.now.getTime());
    if (known.kind === 'cancelled early') this.#settle(orderId);
    this.#started.add(orderId);
    this.#advance(this.#born(aborted, message, lane), { kind: 'asked', branch });
  }

  /** An operator's message: whatever becomes of it is put on record, beside its effect. */
  #operated(message: Message, lane: number): void {
    const action = actionsByType.get(message.type);
    if (action === undefined) throw new TypeError(`no saga understands ${message.type}`);
    const { id, subject: orderId, time: askedAt } = message;
    const data = operatorCommands[action].data.parse(message.data) as Asked;
    const { operator, reason } = data;
    const ruling = { id, orderId, action, operator, reason, askedAt };
    const known = this.#look(orderId);
    if (known.kind !== 'saga') {
      this.#rulings.push({ ...ruling, refusal: 'no saga has started for this order' });
      return void this.#timers.set(orderId, { lane, orderId, at: null });
    }
    if (this.definitions.of(known.saga.instance) === undefined) {
      // Not a fault of the message: it must not block its order.
      return void this.#rulings.push({ ...ruling, refusal: unknownVersion(known.saga) });
    }
    const { step, reply } = data;
    const effects = this.#advance(known.saga, { kind: 'operator', action, id, step, reply });
    for (const effect of effects) {
      if (effect.kind === 'ruled') this.#rulings.push({ ...ruling, refusal: effect.refusal });
    }
  }

  #timer(orderId: string, lane: number): void {
    const known = this.#look(orderId);
    if (known.kind === 'saga') this.#advance(known.saga, { kind: 'timer' });
    else this.#timers.set(orderId, { lane, orderId, at: null });
  }

  #advance(stored: StoredSaga, event: Event): Advanced['effects'] {
    const advanced = this.#flowOf(stored).advance(stored.instance, event, this.now.getTime());
    this.#keep({ ...stored, instance: advanced.instance }, advanced, stored);
    return advanced.effects;
  }

  #keep(next: StoredSaga, { effects }: Advanced, before?: StoredSaga): void {
    const { instance, lane } = next;
    for (const effect of effects) {
      const command = outgoing(next, effect, this.now);
      if (command !== null) this.send.push(command);
      const note = noteOf(instance.id, effect);
      if (note !== null) this.notes.push(note);
    }
    // Armed anew each time: one that was due has been taken off, even if nothing has changed.
    this.#timers.set(instance.id, { lane, orderId: instance.id, at: nextDue(instance) });
    if (instance === before?.instance) return;
    const parked = parkedBecause(instance.state);
    if (parked !== parkedBecause(before?.instance.state)) this.#parkings.set(instance.id, parked);
    this.#advanced.set(instance.id, next);
    this.#known.set(instance.id, { kind: 'saga', saga: next });
  }

  #look(orderId: string): Known {
    return this.#known.get(orderId) ?? this.recall(orderId);
  }

  #flowOf(saga: StoredSaga): Flow {
    const flow = this.definitions.of(saga.instance);
    if (flow !== undefined) return flow;
    throw new TypeError(unknownVersion(saga));
  }
}

type Asked = DataOf<(typeof operatorCommands)['force-forward']>;

const actionsByType = new Map<string, OperatorAction>(
  operatorActions.map(action => [operatorCommands[action].type, action]),
);

const parkedBecause = (state: State | undefined): string | null =>
  state?.kind === 'parked' ? state.reason : null;

const unknownVersion = ({ instance }: StoredSaga): string =>
  `this process does not know ${instance.definition} ${instance.version}, which has started`;

const traceOf = ({ traceparent, tracestate }: Message): StoredSaga['trace'] => ({
  ...(traceparent !== undefined && { traceparent }),
  ...(tracestate !== undefined && { tracestate }),
});

/** The code of a refusal is free text, and may become the reason why an order is cancelled: it has to be some text. */
function storable(answer: Answer): Answer {
  if (answer.outcome === 'refused') return { ...answer, code: cleaned(answer.code) || 'REFUSED' };
  if (answer.outcome === 'rejected' && answer.detail !== undefined) {
    return { ...answer, detail: cleaned(answer.detail) };
  }
  return answer;
}

const cleaned = (text: string): string => text.replaceAll('\u0000', '\ufffd').toWellFormed();
