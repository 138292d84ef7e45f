import { type Choreography, type Event, eventsOf, heardBy, watcherOf } from '@ballast/choreography';
import { type EventType, OperatorRequest, orderOperatorCommands, ownerOf } from '@ballast/contracts';
import type { Work } from '../lanes/work.js';
import type { Message } from '../message.js';
import type { Ruling } from '../operations/operations.js';
import { type Trace, traceOf } from './tables.js';

/** Something that happens to an order's reactions: an event that was heard, its timer, or an operator's wish. */
export interface HeardItem {
  readonly kind: 'heard';
  readonly work: Work;
  readonly orderId: string;
  readonly event: Event | Wish;
  readonly trace: Trace;
}

/** What an operator asks of the watcher, who does it or refuses it, and puts it on record. */
export interface Wish {
  readonly kind: 'wish';
  readonly action: keyof typeof orderOperatorCommands;
  readonly asked: Omit<Ruling, 'refusal'>;
}

/** Which of the messages that come in are events for a participant's reactions. */
export class Hearing {
  readonly #heard: ReadonlyMap<string, EventType>;
  readonly #known: ReadonlySet<string>;
  readonly #wishes: ReadonlyMap<string, Wish['action']>;

  constructor(
    choreography: Choreography,
    private readonly participant: string,
  ) {
    this.#heard = new Map(heardBy(choreography, participant).map(event => [event.type, event]));
    this.#known = new Set(eventsOf(choreography).map(({ type }) => type));
    const watches = watcherOf(choreography) === participant;
    const actions = watches ? (Object.keys(orderOperatorCommands) as Wish['action'][]) : [];
    this.#wishes = new Map(actions.map(action => [orderOperatorCommands[action].type, action]));
  }

  hears(work: Work): boolean {
    if (work.kind !== 'message') return work.kind === 'timer';
    const { type } = work.message;
    return this.#heard.has(type) || this.#wishes.has(type);
  }

  /**
   * Events that concern others only share the topics. One of another service that nobody here knows is a newer one's: a
   * command would have that service's name, and be on its topic.
   */
  passesBy(work: Work): boolean {
    if (work.kind !== 'message' || this.hears(work)) return false;
    const { type } = work.message;
    return this.#known.has(type) || ownerOf(work.message) !== this.participant;
  }

  /** Throws for an event that breaks its contract. */
  itemOf(work: Work & { kind: 'message' | 'timer' }): HeardItem {
    if (work.kind === 'timer') {
      return { kind: 'heard', work, orderId: work.orderId, event: { kind: 'timer' }, trace: {} };
    }
    const { message } = work;
    const action = this.#wishes.get(message.type);
    if (action !== undefined) return wishOf(work, action);
    const parsed = this.#heard.get(message.type)!.data.safeParse(message.data);
    if (!parsed.success) throw new InvalidEvent(message, parsed.error.message);
    const deadlineAt = message.deadline === undefined ? null : Date.parse(message.deadline);
    if (Number.isNaN(deadlineAt)) throw new InvalidEvent(message, 'the deadline is no time');
    return {
      kind: 'heard',
      work,
      orderId: message.subject,
      event: { kind: 'heard', event: message.type, data: parsed.data, deadlineAt },
      trace: traceOf(message),
    };
  }
}

function wishOf(work: Work & { kind: 'message' }, action: Wish['action']): HeardItem {
  const { message } = work;
  const { id, subject: orderId, time: askedAt } = message;
  const parsed = OperatorRequest.safeParse(message.data);
  if (!parsed.success) throw new InvalidEvent(message, parsed.error.message);
  const asked = { id, orderId, action, askedAt, ...parsed.data };
  return { kind: 'heard', work, orderId, event: { kind: 'wish', action, asked }, trace: traceOf(message) };
}

/** An event that the contract does not allow. */
export class InvalidEvent extends Error {
  constructor({ type, id }: Message, reason: string) {
    super(`${type} ${id} is not valid: ${reason}`);
    this.name = 'InvalidEvent';
  }
}
