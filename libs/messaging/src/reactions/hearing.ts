import { type Choreography, type Event, eventsOf, heardBy } from '@ballast/choreography';
import { type EventType, ownerOf } from '@ballast/contracts';
import type { Work } from '../lanes/work.js';
import type { Message } from '../message.js';
import { type Trace, traceOf } from './tables.js';

/** Something that happens to an order's reactions: an event that was heard, or its timer. */
export interface HeardItem {
  readonly kind: 'heard';
  readonly work: Work;
  readonly orderId: string;
  readonly event: Event;
  readonly trace: Trace;
}

/** Which of the messages that come in are events for a participant's reactions. */
export class Hearing {
  readonly #heard: ReadonlyMap<string, EventType>;
  readonly #known: ReadonlySet<string>;

  constructor(
    choreography: Choreography,
    private readonly participant: string,
  ) {
    this.#heard = new Map(heardBy(choreography, participant).map(event => [event.type, event]));
    this.#known = new Set(eventsOf(choreography).map(({ type }) => type));
  }

  hears(work: Work): boolean {
    return work.kind === 'timer' || (work.kind === 'message' && this.#heard.has(work.message.type));
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

/** An event that the contract does not allow. */
export class InvalidEvent extends Error {
  constructor({ type, id }: Message, reason: string) {
    super(`${type} ${id} is not valid: ${reason}`);
    this.name = 'InvalidEvent';
  }
}
