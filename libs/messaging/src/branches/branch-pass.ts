import { answerType, askDecision, repliesTopic, topicOf } from '@ballast/contracts';
import type { Logger } from '@ballast/platform';
import {
  advanceBranch,
  branchCommands,
  type BranchEffect,
  type BranchEvent,
  BranchOrder,
  type BranchPatience,
  defaultBranchPatience,
  nextBranchDue,
} from '@ballast/two-phase';
import { createMessage, inherited } from '../envelope.js';
import { orderOf, type Pass, type Timer, type Work } from '../lanes/work.js';
import type { Outgoing } from '../message.js';
import type { LookOut } from './look-out.js';
import { reportIn } from './submitted.js';
import { type Cause, type ChangedBranch, saveBranches, statements, type StoredBranch } from './tables.js';
import type { BranchWork } from './work.js';
import type { BranchTask, BranchWorker } from './worker.js';

export interface BranchHandlerOptions {
  readonly work: BranchWork;
  readonly worker: BranchWorker;
  readonly lookOut: LookOut;
  readonly logger: Pick<Logger, 'error'>;
  readonly patience?: BranchPatience;
}

/** The branches of one pass, in memory, until they are saved. */
export class BranchPass {
  readonly send: Outgoing[] = [];
  readonly #changed = new Map<string, ChangedBranch>();
  readonly #tasks = new Map<string, { lane: number; task: BranchTask }>();
  readonly #alarms: { orderId: string; effect: BranchEffect & { kind: 'alarm' } }[] = [];
  readonly #decisions: { orderId: string; late: boolean }[] = [];
  /** Whose timer fired: it is set again, if only because our clock is not quite the loop's. */
  readonly #woken = new Map<string, number>();

  constructor(
    private readonly options: BranchHandlerOptions,
    private readonly known: Map<string, StoredBranch>,
    private readonly now: Date,
  ) {}

  take(item: Work, event: BranchEvent): void {
    const orderId = orderOf(item);
    const { name } = this.options.work;
    const stored = this.known.get(orderId);
    const { patience = defaultBranchPatience } = this.options;
    const before = stored?.branch ?? null;
    const { branch, effects } = advanceBranch(before, { orderId, name }, event, this.now.getTime(), patience);
    // One that was found prepared has no cause until it is told its end.
    const cause = stored?.cause.step === undefined ? causeOf(item) : stored.cause;
    const alarm = effects.find(effect => effect.kind === 'alarm') ?? null;
    if (event.kind === 'timer') this.#woken.set(orderId, item.lane);
    if (event.kind === 'overruled') this.#decisions.push({ orderId, late: branch === before });
    if (branch !== null && (branch !== before || alarm !== null)) {
      const keys = reportIn(item)?.keys ?? [];
      const next = { branch, lane: item.lane, cause, keys: keys.length > 0 ? keys : (stored?.keys ?? []) };
      this.known.set(orderId, next);
      this.#changed.set(orderId, { ...next, alarm: alarm ?? this.#changed.get(orderId)?.alarm ?? null });
    }
    for (const effect of effects) this.#carryOut(effect, orderId, item.lane, cause);
  }

  async save(pass: Pass): Promise<void> {
    const saves: (() => Promise<unknown>)[] = [];
    const changed = [...this.#changed.values()];
    if (changed.length > 0) saves.push(() => saveBranches(pass.tx, changed));
    if (this.#decisions.length > 0) {
      const columns = [
        this.#decisions.map(({ orderId }) => orderId),
        this.#decisions.map(({ late }) => late),
      ];
      saves.push(() => pass.tx.query(statements.statement('settle-decisions', columns)));
    }
    const contradicted = this.#alarms.filter(({ effect }) => effect.alarm === 'DECISION_CONTRADICTED');
    if (contradicted.length > 0) {
      const orderIds = contradicted.map(({ orderId }) => orderId);
      saves.push(() => pass.tx.query(statements.statement('contradict-decisions', [orderIds])));
    }
    if (saves.length > 0)
      await pass.businessSave(async () => void (await Promise.all(saves.map(save => save()))));
  }

  timers(): Timer[] {
    const lanes = new Map([...this.#changed].map(([orderId, { lane }]) => [orderId, lane]));
    return [...new Map([...lanes, ...this.#woken])].map(([orderId, lane]) => ({
      lane,
      orderId,
      at: nextBranchDue(this.known.get(orderId)?.branch ?? null),
    }));
  }

  /** What is to be done begins here: its row says so by now. */
  committed(): void {
    const { lookOut, worker, logger } = this.options;
    for (const changed of this.#changed.values()) lookOut.remember(changed);
    for (const [orderId, { lane, task }] of this.#tasks) worker.start(orderId, lane, task);
    for (const { orderId, effect } of this.#alarms) {
      const { alarm, detail } = effect;
      logger.error(
        { alarm: true, kind: alarm, orderId, detail },
        'a branch of a two-phase commit needs somebody to look',
      );
    }
  }

  #carryOut(effect: BranchEffect, orderId: string, lane: number, cause: Cause): void {
    const { name } = this.options.work;
    const about = { at: this.now, source: `/${name}`, subject: orderId, ...cause };
    switch (effect.kind) {
      case 'do':
      case 'end':
        this.#tasks.set(orderId, { lane, task: effect as BranchTask });
        return;
      case 'answer': {
        const { operation, attempt, answer } = effect;
        const type = answerType({ type: `${name}.${branchCommands[operation]}` });
        this.send.push({
          topic: repliesTopic,
          message: createMessage({ ...about, type, attempt, data: answer }),
        });
        return;
      }
      case 'ask': {
        const data = {
          branch: name,
          definition: definitionOf(this.known.get(orderId)?.branch.order, this.options.work.definition),
        };
        const message = createMessage({ ...about, type: askDecision.type, data });
        this.send.push({ topic: topicOf(askDecision), message });
        return;
      }
      case 'alarm':
        this.#alarms.push({ orderId, effect });
    }
  }
}

/** Of one that nobody has registered, the usual one. */
const definitionOf = (order: unknown, usual: string): string => {
  const parsed = BranchOrder.safeParse(order);
  return parsed.success ? parsed.data.definition : usual;
};

function causeOf(item: Work): Cause {
  if (item.kind !== 'message') return {};
  const { subject: _, attempt: __, ...cause } = inherited(item.message);
  return cause;
}
