import type { Decision, OutsideAnswer, OutsideCall, ParticipantState } from '@ballast/contracts';
import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../message.js';
import type { Alarm } from './alarm.js';
import {
  type Barrier,
  meet,
  type Reply,
  resume,
  type Rule,
  settle,
  type Settled,
  waitsForCall,
} from './barrier.js';
import type { AnswerItem, CallAnswered, CommandItem } from './items.js';
import type { Participant } from './definition.js';
import type { OrderMemory, PassMemory } from './pass-memory.js';
import type { Route, Routes } from './routes.js';

/** What one item changes. Nothing of it counts before the whole item is decided. */
export interface Draft<Own, Shared, Entry> {
  readonly kind: 'decided';
  own: Own | undefined;
  barriers: readonly Barrier[];
  shared: Map<string, Shared> | null;
  readonly appended: Entry[];
  readonly replies: Reply[];
  readonly calls: { operation: string; call: OutsideCall; deadline?: Date }[];
  answered: CallAnswered | null;
  readonly alarms: Alarm[];
}

/** Why an item cannot be decided now. */
export type Obstacle =
  /** Somebody else holds a record that it needs. */
  | { readonly kind: 'locked' }
  /** It needs records that were not foreseen: load them and decide it again. */
  | { readonly kind: 'unforeseen'; readonly keys: readonly string[] };

/** Takes the items of a pass through the barrier to the participant's pure functions, in memory. */
export class Decider<Own, Shared, Entry, Call extends OutsideCall> {
  constructor(
    private readonly participant: Participant<Own, Shared, Entry, Call>,
    private readonly routes: Routes,
    private readonly memory: PassMemory<Own, Shared, Entry>,
    private readonly now: Date,
  ) {}

  /** Nothing is decided yet. */
  begin(orderId: string): Draft<Own, Shared, Entry> {
    const order = this.memory.order(orderId);
    return {
      kind: 'decided',
      own: order.own,
      barriers: order.barriers,
      shared: null,
      appended: [],
      replies: [],
      calls: [],
      answered: null,
      alarms: [],
    };
  }

  /**
   * Throws what the participant's functions throw, and for what they must not decide.
   * @param draft what was decided before for the same message: of no use any more when this meets an obstacle
   */
  decide(
    item: CommandItem | AnswerItem,
    draft = this.begin(item.orderId),
  ): Draft<Own, Shared, Entry> | Obstacle {
    const order = this.memory.order(item.orderId);
    return (item.kind === 'command' ? this.#command(item, order, draft) : this.#answer(item, draft)) ?? draft;
  }

  /** The shared records that an item will need, as far as the loaded state tells. */
  keysOf(item: CommandItem | AnswerItem): readonly string[] {
    const order = this.memory.order(item.orderId);
    const { route } = item;
    const barrier = order.barriers[route.place]!;
    if (item.kind === 'command') {
      const decides =
        barrier.kind === 'untouched'
          ? route.side === 'do' || order.own !== undefined
          : barrier.kind === 'answered' && route.side === 'undo';
      return decides ? this.participant.keys(item.message, order.own) : [];
    }
    return order.barriers.flatMap((waiting, place) => {
      if (waiting.kind !== 'waiting' && waiting.kind !== 'undoing') return [];
      if (waiting.for === 'call' && place !== route.place) return [];
      const messages = [waiting.do, waiting.undo].filter(message => message !== null);
      return messages.flatMap(message => this.participant.keys(message, order.own));
    });
  }

  #command({ route, message }: CommandItem, order: OrderMemory<Own>, draft: Draft<Own, Shared, Entry>) {
    const unexplainedRecord =
      order.own !== undefined &&
      !order.hasBarriers &&
      draft.barriers.every(({ kind }) => kind === 'untouched');
    const about = { rule: ruleOf(route, message), now: this.now, unexplainedRecord };
    const verdict = meet(draft.barriers[route.place]!, route.side, message, about);
    if (verdict.next === 'settled') {
      accept(draft, route, verdict);
      return null;
    }
    if (route.side === 'undo' && unexplainedRecord) {
      draft.alarms.push({ kind: 'undo-without-barrier', orderId: message.subject, operation: message.type });
    }
    return this.#ask(draft, route, message, null);
  }

  /** An outside party has answered: the operation that asked goes on, and then what waited for it. */
  #answer({ route, orderId, answered }: AnswerItem, draft: Draft<Own, Shared, Entry>): Obstacle | null {
    const { operation, round, answer } = answered;
    const call = this.memory.call(orderId, operation);
    if (call === undefined || call.round > round) return null; // the answer to an earlier call, once more
    if (call.round === round && call.answer !== null) {
      if (!sameJson(call.answer, answer)) {
        draft.alarms.push({
          kind: 'contradicting-answers',
          orderId,
          operation,
          first: call.answer,
          second: answer,
        });
      }
      return null;
    }
    const barrier = draft.barriers[route.place]!;
    if (call.round < round || !waitsForCall(barrier, route.side)) {
      throw new Error(
        `an outside answer came to ${operation} of order ${orderId}, which does not wait for it`,
      );
    }
    const { do: asked, undo } = barrier as Barrier & { kind: 'waiting' | 'undoing' };
    draft.answered = answered;
    return (
      this.#ask(draft, route, (route.side === 'do' ? asked : undo)!, answer) ?? this.#resumeWaiting(draft)
    );
  }

  #resumeWaiting(draft: Draft<Own, Shared, Entry>): Obstacle | null {
    const waiting = draft.barriers
      .map((barrier, place) => ({ barrier, place }))
      .filter(
        ({ barrier }) =>
          (barrier.kind === 'waiting' || barrier.kind === 'undoing') && barrier.for === 'order',
      )
      .sort((a, b) => sinceOf(a.barrier) - sinceOf(b.barrier));
    for (const { barrier, place } of waiting) {
      const gate = this.routes.gates[place]!;
      const verdict = resume(barrier, { rule: gate.rule, now: this.now, unexplainedRecord: false });
      if (verdict.next === 'settled') {
        accept(draft, gate.do, verdict);
        continue;
      }
      const obstacle =
        barrier.kind === 'waiting'
          ? this.#ask(draft, gate.do, barrier.do, null)
          : this.#ask(draft, gate.undo!, (barrier as Barrier & { kind: 'undoing' }).undo, null);
      if (obstacle !== null) return obstacle;
    }
    return null;
  }

  /** Rule 5: the domain decides; with an answer of an outside party, its second half does. */
  #ask(
    draft: Draft<Own, Shared, Entry>,
    route: Route,
    message: Message,
    answer: OutsideAnswer | null,
  ): Obstacle | null {
    const { operation } = route;
    const keys = this.participant.keys({ type: operation.command.type, data: message.data }, draft.own);
    const shared = this.#sharedOf(keys, draft);
    if (!(shared instanceof Map)) return shared;

    const state: ParticipantState<Own, Shared, Entry> = { own: draft.own, shared, appended: [] };
    const about = { orderId: message.subject };
    const decision = (
      answer === null
        ? operation.decide(state, message.data, about)
        : operation.answered!(state, answer, message.data, about)
    ) as Decision<ParticipantState<Own, Shared, Entry>, unknown, string, OutsideCall>;
    if ('state' in decision && decision.state !== undefined) remember(draft, state, decision.state);

    const { type } = operation.command;
    if (decision.kind === 'call') {
      if (operation.answered === undefined)
        throw new Error(`${type} asks an outside party and has no 'answered'`);
      draft.calls.push({ operation: type, call: decision.call, ...deadlineOf(route, message) });
    }
    const settled = settle(draft.barriers[route.place]!, route.side, message, decision, {
      rule: ruleOf(route, message),
      now: this.now,
    });
    accept(draft, route, settled);
    if (decision.kind === 'wait' && (answer !== null || !asksSomebody(draft.barriers))) {
      throw new Error(
        `${type} decided to wait, and no outside call of the order is open that it could wait for`,
      );
    }
    if (settled.then === undefined) return null;
    const { undo } = settled.barrier as Barrier & { kind: 'undoing' };
    return this.#ask(draft, this.routes.gates[route.place]!.undo!, undo, null);
  }

  #sharedOf(keys: readonly string[], draft: Draft<Own, Shared, Entry>): Map<string, Shared> | Obstacle {
    const { memory } = this;
    const records = new Map<string, Shared>();
    let unforeseen: string[] | null = null;
    for (const key of keys) {
      if (memory.locked.has(key)) return { kind: 'locked' };
      const record = draft.shared?.get(key) ?? memory.shared.get(key);
      if (record !== undefined) records.set(key, record);
      else if (!memory.asked.has(key)) (unforeseen ??= []).push(key);
    }
    return unforeseen === null ? records : { kind: 'unforeseen', keys: unforeseen };
  }
}

function accept<Own, Shared, Entry>(
  draft: Draft<Own, Shared, Entry>,
  { place }: Route,
  settled: Settled,
): void {
  if (settled.barrier !== draft.barriers[place]) draft.barriers = draft.barriers.with(place, settled.barrier);
  for (const reply of settled.replies) draft.replies.push(reply);
}

function remember<Own, Shared, Entry>(
  draft: Draft<Own, Shared, Entry>,
  before: ParticipantState<Own, Shared, Entry>,
  after: ParticipantState<Own, Shared, Entry>,
): void {
  if (after.own === undefined && before.own !== undefined) {
    throw new Error('a decision may not take away the record of an order');
  }
  draft.own = after.own;
  if (after.shared !== before.shared) {
    for (const [key, record] of after.shared) {
      if (before.shared.get(key) !== record) (draft.shared ??= new Map()).set(key, record);
    }
  }
  for (const entry of after.appended) draft.appended.push(entry);
}

/** What try-confirm-cancel confirms is decided: refused now, it is worth another attempt, under whatever rule else. */
const ruleOf = ({ rule }: Route, { tcc }: Message): Rule =>
  rule === 'pivot' && tcc !== undefined ? 'must-finish' : rule;

/** Rule 4 of the barrier goes on for the call: what an order does before its pivot is of no use past its deadline. */
const deadlineOf = ({ rule, side }: Route, { deadline }: Message) =>
  rule === 'undoable' && side === 'do' && deadline !== undefined ? { deadline: new Date(deadline) } : {};

const asksSomebody = (barriers: readonly Barrier[]): boolean =>
  barriers.some(barrier => waitsForCall(barrier, 'do') || waitsForCall(barrier, 'undo'));

const sinceOf = (barrier: Barrier): number => ('since' in barrier ? barrier.since : 0);

/** Equal as far as a jsonb column can tell. */
const sameJson = (a: unknown, b: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
