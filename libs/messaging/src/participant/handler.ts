import { answerType, type OutsideCall, repliesTopic } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { createMessage, inherited } from '../envelope.js';
import { Prefetched } from '../lanes/prefetched.js';
import type { LaneHandler, Pass, PassResult, Timer, Work } from '../lanes/work.js';
import { PoisonedWork } from '../lanes/work.js';
import type { Outgoing } from '../message.js';
import type { Alarm } from './alarm.js';
import type { Reply } from './barrier.js';
import { Decider } from './decider.js';
import type { Participant } from './definition.js';
import { recordActions } from '../operations/operations.js';
import { FirstFailure } from '../storage/first-failure.js';
import { type AnswerItem, type AttemptItem, type CommandItem, itemsOf, lookUpsOf } from './items.js';
import type { OutsideCallWorker } from './outside-calls.js';
import type { HeardItem } from '../reactions/hearing.js';
import type { Reacting } from '../reactions/reacting.js';
import { reactionWaits, type Reactions } from '../reactions/reactions.js';
import { loadDue, saveProgress, type StoredProgress } from '../reactions/tables.js';
import { commandsOf, take, type Taken } from './taking.js';
import { type Loaded, PassMemory } from './pass-memory.js';
import { type Routes, routesOf } from './routes.js';
import {
  answerCalls,
  type CallState,
  loadBarriers,
  loadCalls,
  loadOpenCalls,
  type OpenCall,
  openCalls,
  recordAttempts,
  saveBarriers,
} from './tables.js';

export interface ParticipantHandlerOptions {
  /** Makes the calls that decisions ask for; needed when an operation of the participant has an `answered`. */
  readonly outsideCalls?: OutsideCallWorker;
  /** Told after the commit of what must never happen. */
  readonly alarm: (alarm: Alarm) => void;
  /** The participant's part in a choreographed saga: it hears events as well. */
  readonly reactions?: Reactions;
}

/**
 * Runs a participant on its lanes: loads what a pass's commands need, lets the barrier and the participant's pure
 * functions decide in arrival order, saves what changed, and returns the replies.
 * Reads of own records and barriers share the round trip that opens the pass; one more if shared records are named,
 * one of writes.
 */
export class ParticipantHandler<
  Own,
  Shared = never,
  Entry = never,
  Call extends OutsideCall = never,
> implements LaneHandler {
  readonly #routes: Routes;
  readonly #prefetched = new Prefetched<Loaded<Own> & { readonly progress: Progresses }>();

  /** Throws for a definition that cannot work. */
  constructor(
    private readonly participant: Participant<Own, Shared, Entry, Call>,
    private readonly options: ParticipantHandlerOptions,
  ) {
    this.#routes = routesOf(participant);
    if (this.#routes.asksOutside && options.outsideCalls === undefined) {
      throw new TypeError(`${participant.name} asks outside parties: it needs a worker that makes the calls`);
    }
  }

  async claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]> {
    const { outsideCalls } = this.options;
    if (outsideCalls !== undefined) outsideCalls.takeOver(lanes, await loadOpenCalls(tx, lanes));
    return this.options.reactions === undefined ? [] : loadDue(tx, lanes);
  }

  dropped(lanes: readonly number[]): void {
    this.options.outsideCalls?.drop(lanes);
  }

  /** The first round: what belongs to the orders themselves. Only the lane's owner writes it: no locks. */
  prefetch(work: readonly Work[], tx: Queries): void {
    const { hearing } = this.options.reactions ?? {};
    const ours = hearing === undefined ? work : work.filter(one => !hearing.passesBy(one));
    this.#prefetched.begin(this.#load(ours, new FirstFailure(tx)));
  }

  /** Rejects with PoisonedWork for a message that cannot be handled: nothing of the pass may be kept then. */
  async process(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const { reactions } = this.options;
    const items = itemsOf(work, this.#routes, reactions?.hearing);
    const attempts = items.filter(item => item.kind === 'attempt');
    const decidable = items.filter(item => item.kind !== 'attempt');

    const tx = new FirstFailure(pass.tx);
    const lanes = new Map(decidable.map(item => [item.orderId, item.work.lane]));
    const loaded = await this.#prefetched.take();
    const memory = new PassMemory<Own, Shared, Entry>(this.#routes, lanes, loaded);
    const reacting = reactions?.pass(loaded.progress, pass.now) ?? null;
    if (reacting !== null) await this.#loadAnswered(decidable, memory, reacting, tx);
    const decider = new Decider(this.participant, this.#routes, memory, pass.now);
    const demand = demandOf(this.#foreseen(decidable, reacting), decider);
    if (demand.size > 0) await this.#loadShared(demand, memory, pass, tx);

    const send: Outgoing[] = [];
    const alarms: Alarm[] = [];
    const hold: Work[] = [];
    for (const item of decidable) {
      const order = memory.order(item.orderId);
      const taken = order.held ? null : await this.#take(item, decider, memory, reacting, pass, tx);
      if (taken === null) {
        order.held = true;
        hold.push(item.work);
        continue;
      }
      memory.accept(order, taken.draft);
      if (taken.turn !== null) reacting?.accept(taken.turn);
      send.push(...taken.replies.map(reply => this.#reply(reply, pass.now)), ...taken.events);
      alarms.push(...taken.draft.alarms);
    }

    const opened = await this.#save(memory, reacting, attempts, decidable, pass, tx);
    return {
      send,
      hold,
      timers: reacting?.timers ?? [],
      committed: () => {
        this.options.outsideCalls?.start(opened);
        for (const alarm of alarms) this.options.alarm(alarm);
        for (const news of reacting?.news ?? []) reactions?.tell(news);
      },
    };
  }

  async #load(work: readonly Work[], tx: FirstFailure) {
    const { orderIds, calls: asked } = lookUpsOf(work);
    if (orderIds.length === 0) return { own: new Map(), barriers: [], calls: new Map(), progress: new Map() };
    const { reactions } = this.options;
    const concerned = new Set(reactions?.concerned(work));
    const heard = orderIds.filter(orderId => concerned.has(orderId));
    const [own, barriers, calls, progress] = await tx.all([
      this.participant.storage.loadOwn(tx, orderIds),
      loadBarriers(tx, orderIds),
      asked.length > 0 ? loadCalls(tx, asked) : new Map<string, CallState>(),
      reactions !== undefined && heard.length > 0 ? reactions.load(tx, heard) : new Map(),
    ]);
    return { own, barriers, calls, progress: progress as Progresses };
  }

  /** Only the barrier tells that an outside party's answer is to a reaction: no coordinator's order is looked up. */
  async #loadAnswered(
    items: readonly Decidable[],
    memory: PassMemory<Own, Shared, Entry>,
    reacting: Reacting,
    tx: FirstFailure,
  ): Promise<void> {
    const orderIds = items
      .filter(({ kind, orderId }) => kind === 'answer' && !reacting.has(orderId))
      .map(({ orderId }) => orderId)
      .filter(orderId => memory.order(orderId).barriers.some(reactionWaits));
    if (orderIds.length === 0) return;
    const [loaded] = await tx.all([this.options.reactions!.load(tx, [...new Set(orderIds)])]);
    reacting.add(loaded);
  }

  /** What will be asked of the domain, as far as it can be told now. */
  #foreseen(items: readonly Decidable[], reacting: Reacting | null): (CommandItem | AnswerItem)[] {
    if (reacting === null) return items as (CommandItem | AnswerItem)[];
    return items.flatMap(item =>
      item.kind === 'heard'
        ? inItsName(item.work, () => commandsOf(reacting.foresee(item), item, this.#routes))
        : [item],
    );
  }

  /** The second round: records that other orders use as well. */
  async #loadShared(
    demand: ReadonlyMap<string, number>,
    memory: PassMemory<Own, Shared, Entry>,
    pass: Pass,
    tx: FirstFailure,
  ): Promise<void> {
    const [{ found, locked }] = await pass.underLockTimeout(() =>
      tx.all([this.participant.storage.loadShared(tx, demand, pass.locks)]),
    );
    memory.sharedLoaded(demand.keys(), found, locked);
  }

  /** Null when a record that it needs is locked by somebody else. */
  async #take(
    item: Decidable,
    decider: Decider<Own, Shared, Entry, Call>,
    memory: PassMemory<Own, Shared, Entry>,
    reacting: Reacting | null,
    pass: Pass,
    tx: FirstFailure,
  ): Promise<Taken<Own, Shared, Entry> | null> {
    for (;;) {
      const taken = inItsName(item.work, () => take(item, decider, this.#routes, reacting));
      if (taken.kind === 'taken') return taken;
      if (taken.kind === 'locked') return null;
      // Rare: an undo in the same batch as its do, which named other records.
      await this.#loadShared(new Map(taken.keys.map(key => [key, 1])), memory, pass, tx);
    }
  }

  /** One statement per table, sent without awaiting each other. */
  async #save(
    memory: PassMemory<Own, Shared, Entry>,
    reacting: Reacting | null,
    attempts: readonly AttemptItem[],
    items: readonly Decidable[],
    pass: Pass,
    tx: FirstFailure,
  ): Promise<readonly OpenCall[]> {
    const { changedShared: shared, appended, answeredCalls, newCalls } = memory;
    const own = memory.changedOwn();
    const barriers = memory.changedBarriers();
    let opened: readonly OpenCall[] = [];
    const saves: (() => Promise<unknown>)[] = [];
    if (own.size + shared.size + appended.length > 0) {
      saves.push(() => this.participant.storage.save(tx, { own, shared, appended }));
    }
    if (barriers.length > 0) saves.push(() => saveBarriers(tx, barriers));
    if (answeredCalls.length > 0) saves.push(() => answerCalls(tx, answeredCalls));
    if (newCalls.length > 0) saves.push(async () => (opened = await openCalls(tx, newCalls)));
    if (attempts.length > 0) saves.push(() => recordAttempts(tx, attempts));
    const rulings = reacting?.rulings ?? [];
    if (rulings.length > 0) saves.push(() => tx.query(recordActions(rulings, pass.now)));
    const changes = reacting?.changes ?? [];
    if (reacting !== null && changes.length > 0) {
      saves.push(() => saveProgress(tx, reacting.choreography, changes, pass.now));
    }
    if (saves.length === 0) return opened;

    await pass.businessSave(async () => void (await tx.all(saves.map(save => save()))));
    const refused = newCalls.find(call => !opened.some(other => sameCall(call, other)));
    if (refused === undefined) return opened;
    const { work } = items.find(({ orderId }) => orderId === refused.orderId)!;
    throw new PoisonedWork(
      new Map([[work, new Error(`${refused.operation} has an open outside call already`)]]),
    );
  }

  #reply({ to, answer }: Reply, at: Date): Outgoing {
    const message = createMessage({
      at,
      type: answerType(to),
      source: `/${this.participant.name}`,
      ...inherited(to),
      data: answer,
    });
    return { topic: repliesTopic, message };
  }
}

type Decidable = CommandItem | HeardItem | AnswerItem;
type Progresses = ReadonlyMap<string, StoredProgress>;

/** How many items name each shared record. */
function demandOf<Own, Shared, Entry, Call extends OutsideCall>(
  items: readonly (CommandItem | AnswerItem)[],
  decider: Decider<Own, Shared, Entry, Call>,
): Map<string, number> {
  const demand = new Map<string, number>();
  for (const item of items) {
    const keys = inItsName(item.work, () => decider.keysOf(item));
    for (const key of new Set(keys)) demand.set(key, (demand.get(key) ?? 0) + 1);
  }
  return demand;
}

function inItsName<T>(work: Work, decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    throw new PoisonedWork(new Map([[work, error]]));
  }
}

const sameCall = (
  a: { orderId: string; operation: string },
  b: { orderId: string; operation: string },
): boolean => a.orderId === b.orderId && a.operation === b.operation;
