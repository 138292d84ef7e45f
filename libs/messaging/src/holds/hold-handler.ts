import { type Answer, answerType, askDecision, type OutsideCall, topicOf } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { advanceHold, defaultHoldPatience, type HoldEvent, type HoldPatience } from '@ballast/two-phase';
import { createMessage } from '../envelope.js';
import {
  type LaneHandler,
  orderOf,
  type Pass,
  type PassResult,
  type Timer,
  type Work,
} from '../lanes/work.js';
import type { Message, Outgoing } from '../message.js';
import type { Participant } from '../participant/definition.js';
import { loadHolds, saveHolds, settleHolds, type StoredHold, traceOf } from './tables.js';

/**
 * A participant's lanes under try-confirm-cancel. Its commands are those of every protocol, and are handled as ever; this
 * looks at their answers. A try that was done for a TCC coordinator (its messages carry `tcc`) is held until a confirm or
 * a cancel of it was done; who hears neither asks, and obeys. A pass without any of this costs nothing more.
 */
export class HoldHandler<
  Own = never,
  Shared = never,
  Entry = never,
  Call extends OutsideCall = never,
> implements LaneHandler {
  /** Everything that our lanes hold: nobody else writes it. */
  readonly #holds = new Map<string, StoredHold>();
  /** The answers of what can be tried; whatever else is answered to such a coordinator ends the hold. */
  readonly #tries: ReadonlySet<string>;

  constructor(
    private readonly handler: LaneHandler,
    private readonly participant: Pick<Participant<Own, Shared, Entry, Call>, 'name' | 'operations'>,
    private readonly patience: HoldPatience = defaultHoldPatience,
  ) {
    const undoable = participant.operations.filter(({ rule }) => rule === 'undoable');
    this.#tries = new Set(undoable.map(operation => answerType(operation.do.command)));
  }

  async claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]> {
    const [timers, holds] = await Promise.all([this.handler.claimed(lanes, tx), loadHolds(tx, lanes)]);
    this.#forget(lanes);
    for (const stored of holds) this.#holds.set(stored.hold.orderId, stored);
    return [...timers, ...holds.map(timerOf)];
  }

  dropped(lanes: readonly number[]): void {
    this.#forget(lanes);
    this.handler.dropped(lanes);
  }

  prefetch(work: readonly Work[], tx: Queries): void {
    const rest = this.#others(work);
    if (rest.length > 0) this.handler.prefetch?.(rest, tx);
  }

  async process(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const rest = this.#others(work);
    const result = rest.length > 0 ? await this.handler.process(rest, pass) : nothing;
    const held = new HoldPass(this.#holds, this.participant.name, pass.now, this.patience);
    const lanes = new Map(work.map(item => [orderOf(item), item.lane]));
    for (const { message } of result.send) this.#answered(held, message, lanes.get(message.subject)!);
    for (const item of work) if (this.#isOurs(item)) held.take(item.orderId, { kind: 'timer' });
    if (held.changed.size === 0) return result;

    await pass.businessSave(() => held.save(pass.tx));
    return {
      send: [...result.send, ...held.send],
      hold: result.hold,
      timers: [...result.timers, ...held.timers()],
      committed: () => {
        result.committed?.();
        for (const [orderId, { after }] of held.changed) {
          if (after === null) this.#holds.delete(orderId);
          else this.#holds.set(orderId, after);
        }
      },
    };
  }

  #answered(held: HoldPass, message: Message, lane: number): void {
    const { type, subject, step, tcc, data } = message;
    if (tcc === undefined || (data as Answer).outcome !== 'done') return;
    if (this.#tries.has(type)) {
      // The coordinator's step is the branch that it knows us as.
      const branch = step ?? this.participant.name;
      const trace = traceOf(message);
      held.take(subject, { kind: 'tried', orderId: subject, branch }, { lane, definition: tcc, trace });
    } else held.take(subject, { kind: 'settled' });
  }

  #others(work: readonly Work[]): readonly Work[] {
    return work.some(item => this.#isOurs(item)) ? work.filter(item => !this.#isOurs(item)) : work;
  }

  #isOurs(item: Work): item is Work & { kind: 'timer' } {
    return item.kind === 'timer' && this.#holds.has(item.orderId);
  }

  #forget(lanes: readonly number[]): void {
    const forgotten = new Set(lanes);
    for (const [orderId, { lane }] of this.#holds) if (forgotten.has(lane)) this.#holds.delete(orderId);
  }
}

/** What one pass changes of what is held, in memory until it is committed. */
class HoldPass {
  readonly send: Outgoing[] = [];
  readonly changed = new Map<string, { readonly after: StoredHold | null; readonly lane: number }>();

  constructor(
    private readonly known: ReadonlyMap<string, StoredHold>,
    private readonly name: string,
    private readonly now: Date,
    private readonly patience: HoldPatience,
  ) {}

  /** @param about of a try: the others go on with what it has left */
  take(orderId: string, event: HoldEvent, about?: Omit<StoredHold, 'hold'>): void {
    const changed = this.changed.get(orderId);
    const before = changed === undefined ? (this.known.get(orderId) ?? null) : changed.after;
    const { hold, effects } = advanceHold(before?.hold ?? null, event, this.now.getTime(), this.patience);
    const of = before ?? about;
    if (of === undefined) return;
    const { lane, definition, trace } = of;
    if (hold !== (before?.hold ?? null)) {
      this.changed.set(orderId, { after: hold === null ? null : { hold, lane, definition, trace }, lane });
    } else if (event.kind === 'timer') {
      // It was taken off when it fired.
      this.changed.set(orderId, { after: before, lane });
    }
    for (const { branch } of effects) {
      const message = createMessage({
        at: this.now,
        type: askDecision.type,
        source: `/${this.name}`,
        subject: orderId,
        data: { branch, definition },
        ...trace,
      });
      this.send.push({ topic: topicOf(askDecision), message });
    }
  }

  /** One statement for what is held, one for what is not any more. */
  async save(tx: Queries): Promise<void> {
    const held: StoredHold[] = [];
    const settled: string[] = [];
    for (const [orderId, { after }] of this.changed) {
      if (after === null) settled.push(orderId);
      else held.push(after);
    }
    await Promise.all([
      held.length > 0 && saveHolds(tx, held, this.now),
      settled.length > 0 && settleHolds(tx, settled),
    ]);
  }

  timers(): Timer[] {
    return [...this.changed].map(([orderId, { after, lane }]) => ({
      lane,
      orderId,
      at: after === null ? null : new Date(after.hold.askAt),
    }));
  }
}

const timerOf = ({ hold: { orderId, askAt }, lane }: StoredHold): Timer => ({
  lane,
  orderId,
  at: new Date(askAt),
});

const nothing: PassResult = { send: [], hold: [], timers: [] };
