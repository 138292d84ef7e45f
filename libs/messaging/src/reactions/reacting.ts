import {
  advance,
  arbiterOf,
  begin,
  type Choreography,
  type Effect,
  type Event,
  hasHeard,
  nextDue,
  pivotOf,
  type Progress,
} from '@ballast/choreography';
import { topicOfEvent } from '@ballast/contracts';
import { createMessage } from '../envelope.js';
import type { Timer } from '../lanes/work.js';
import type { Message, Outgoing } from '../message.js';
import type { Reply } from '../participant/barrier.js';
import type { Ruling } from '../operations/operations.js';
import type { HeardItem, Wish } from './hearing.js';
import { happenedOf } from './history.js';
import { parkedBecause, type StoredProgress, type Trace } from './tables.js';

/** What is worth telling after the commit. */
export type News =
  | { readonly kind: 'finished'; readonly orderId: string; readonly outcome: 'completed' | 'cancelled' }
  | { readonly kind: 'parked'; readonly orderId: string; readonly reason: string }
  /** Must never happen. */
  | {
      readonly kind: 'alarm';
      readonly orderId: string;
      readonly alarm: string;
      readonly detail: string;
    };

/**
 * Under whose name reactions ask their own participant: never a coordinator's. The barrier keeps what waits for its answer
 * with its source, so that the answer of an outside party finds its way back.
 */
const sourceOf = (participant: string): string => `/${participant}/reactions`;

export const isReaction = ({ source }: Message): boolean => source.endsWith('/reactions');

/** A participant's reactions during a pass, in memory: later items see what earlier ones did. */
export class Reacting {
  readonly news: News[] = [];
  /** What became of operators' wishes. */
  readonly rulings: Ruling[] = [];
  readonly #known: Map<string, StoredProgress>;
  readonly #changed = new Map<string, StoredProgress>();
  readonly #timers = new Map<string, Timer>();
  readonly #foreseen = new Map<string, Turn>();

  constructor(
    readonly choreography: Choreography,
    private readonly participant: string,
    loaded: ReadonlyMap<string, StoredProgress>,
    readonly now: Date,
  ) {
    this.#known = new Map(loaded);
  }

  get changes(): StoredProgress[] {
    return [...this.#changed.values()];
  }

  get timers(): Timer[] {
    return [...this.#timers.values()];
  }

  /** What was read late: an outside party's answer tells only then that it is to a reaction. */
  add(loaded: ReadonlyMap<string, StoredProgress>): void {
    for (const [orderId, stored] of loaded) if (!this.#known.has(orderId)) this.#known.set(orderId, stored);
  }

  has(orderId: string): boolean {
    return this.#known.has(orderId);
  }

  /** The operations that an item will ask for, if those before it, which were foreseen as well, go as they should. */
  foresee(item: HeardItem): Message[] {
    const turn = this.#foreseen.get(item.orderId) ?? this.begin(item.orderId, item.work.lane);
    this.#foreseen.set(item.orderId, turn);
    return turn.hear(item);
  }

  begin(orderId: string, lane: number): Turn {
    return new Turn(this.choreography, this.participant, orderId, lane, this.#known.get(orderId), this.now);
  }

  /** Makes what a turn did the state that the next one sees. */
  accept(turn: Turn): void {
    const { orderId, lane, stored } = turn;
    this.rulings.push(...turn.rulings);
    if (stored === undefined) return;
    // Armed anew each time: one that was due has been taken off, even if nothing has changed.
    this.#timers.set(orderId, { lane, orderId, at: nextDue(this.choreography, stored.progress) });
    this.news.push(...turn.news);
    if (stored === this.#known.get(orderId)) return;
    this.#known.set(orderId, stored);
    this.#changed.set(orderId, stored);
  }
}

/** What one item does to an order's reactions. Nothing of it counts before the whole item is decided. */
export class Turn {
  /** In the order of sending. */
  readonly send: Outgoing[] = [];
  readonly news: News[] = [];
  readonly rulings: Ruling[] = [];

  constructor(
    private readonly choreography: Choreography,
    private readonly participant: string,
    readonly orderId: string,
    readonly lane: number,
    /** Undefined where nothing was ever heard of the order. */
    public stored: StoredProgress | undefined,
    private readonly now: Date,
  ) {}

  /** The commands to be handed to the participant's own barrier. A timer of an order without reactions is not ours. */
  hear({ event, trace }: HeardItem): Message[] {
    if (event.kind === 'wish') return this.#rule(event);
    if (event.kind !== 'timer') this.stored ??= this.#begin(trace);
    return this.stored === undefined ? [] : this.#advance(this.stored, event);
  }

  /** The participant has answered a reaction. */
  performed({ to, answer }: Reply, changed: boolean): Message[] {
    if (this.stored === undefined) {
      throw new TypeError(`${to.type} was answered for a reaction of order ${this.orderId}, which has none`);
    }
    return this.#advance(this.stored, { kind: 'performed', command: to.type, answer, changed });
  }

  /** An operator's wish is done or refused, and put on record. */
  #rule({ action, asked }: Wish): Message[] {
    const refusal = refusalOf(action, this.choreography, this.stored?.progress);
    this.rulings.push({ ...asked, refusal });
    if (this.stored === undefined) return [];
    const told = { at: this.now.getTime(), what: 'operator', of: asked.id } as const;
    this.stored = { ...this.stored, history: [...this.stored.history, told] };
    if (refusal !== null) return [];
    return this.#advance(this.stored, { kind: action === 'cancel' ? 'cancel' : 'resume' });
  }

  #begin(trace: Trace): StoredProgress {
    return {
      lane: this.lane,
      progress: begin(this.choreography, this.participant, this.orderId, this.now.getTime()),
      trace,
      begunAt: this.now,
      parkedAt: null,
      history: [],
    };
  }

  #advance(stored: StoredProgress, event: Event): Message[] {
    const at = this.now.getTime();
    const { progress, effects } = advance(this.choreography, stored.progress, event, at);
    this.#keep(stored, progress, event, effects);
    return effects.flatMap(effect => {
      switch (effect.kind) {
        case 'perform':
          return [this.#command(effect, stored.trace)];
        case 'emit':
          this.send.push(this.#announcement(effect, stored.trace));
          return [];
        case 'finished':
        case 'parked':
        case 'alarm':
          this.news.push({ ...effect, orderId: this.orderId });
          return [];
      }
    });
  }

  #keep(stored: StoredProgress, progress: Progress, event: Event, effects: readonly Effect[]): void {
    if (progress === stored.progress) return;
    const isParked = parkedBecause(progress) !== null;
    const parkedAt = isParked ? (stored.parkedAt ?? this.now) : null;
    const told = progress.watch === null ? [] : happenedOf(event, stored.progress, progress, effects);
    const at = this.now.getTime();
    const history =
      told.length === 0 ? stored.history : [...stored.history, ...told.map(one => ({ at, ...one }))];
    this.stored = { ...stored, progress, parkedAt, history };
  }

  #command({ command, data, attempt, deadlineAt }: Effect & { kind: 'perform' }, trace: Trace): Message {
    return createMessage({
      at: this.now,
      type: command.type,
      source: sourceOf(this.participant),
      subject: this.orderId,
      data,
      attempt,
      ...deadlineOf(deadlineAt),
      ...trace,
    });
  }

  #announcement({ event, data, deadlineAt }: Effect & { kind: 'emit' }, trace: Trace): Outgoing {
    const message = createMessage({
      at: this.now,
      type: event.type,
      source: `/${this.participant}`,
      subject: this.orderId,
      data,
      ...deadlineOf(deadlineAt),
      ...trace,
    });
    return { topic: topicOfEvent(event), message };
  }
}

/** Why an operator's wish can't be done; null when it can. */
function refusalOf(
  action: Wish['action'],
  choreography: Choreography,
  progress: Progress | undefined,
): string | null {
  const watch = progress?.watch;
  if (progress === undefined || watch == null) return 'no choreographed order of this id was heard of';
  if (watch.state !== 'running') return `the order is ${watch.state}`;
  switch (action) {
    case 'retry':
      return null;
    case 'resume':
      return parkedBecause(progress) === null ? 'the order is not parked' : null;
    case 'cancel': {
      const { then: captured } = pivotOf(choreography);
      const { then: voided } = arbiterOf(choreography);
      if (hasHeard(progress, captured!)) return `it is too late: ${captured!.type}`;
      if (hasHeard(progress, voided!)) return 'the order is being cancelled';
      return watch.requested === null ? null : `its end was asked for before: ${watch.requested}`;
    }
  }
}

const deadlineOf = (deadlineAt: number | null) =>
  deadlineAt === null ? {} : { deadline: new Date(deadlineAt).toISOString() };
