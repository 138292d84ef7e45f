import { answerType, isWrittenOrderId, repliesTopic } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { branchCommands, type BranchEvent, BranchOrder, nextBranchDue } from '@ballast/two-phase';
import { createMessage, inherited } from '../envelope.js';
import { Prefetched } from '../lanes/prefetched.js';
import { type LaneHandler, orderOf, type Pass, type PassResult, PoisonedWork } from '../lanes/work.js';
import type { Timer, Work } from '../lanes/work.js';
import type { Message, Outgoing } from '../message.js';
import { type BranchHandlerOptions, BranchPass } from './branch-pass.js';
import { reportIn } from './submitted.js';
import { hasEnded, loadBranches, loadEpochs, loadOpenBranches, type StoredBranch } from './tables.js';

/**
 * A participant's lanes with branches of two-phase commits: what concerns a branch is handled here, everything else by
 * the handler of the participant's ordinary commands. A pass without branches costs nothing more.
 */
export class BranchHandler implements LaneHandler {
  readonly #prefetched = new Prefetched<Map<string, StoredBranch>>();
  readonly #types: Readonly<Record<string, BranchOperation>>;

  constructor(
    private readonly others: LaneHandler,
    private readonly options: BranchHandlerOptions,
  ) {
    this.#types = operationsOf(options.work.name);
  }

  async claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]> {
    const { work, worker, lookOut } = this.options;
    const [epochs, branches, timers] = await Promise.all([
      loadEpochs(tx, lanes),
      loadOpenBranches(tx, work.name, lanes),
      this.others.claimed(lanes, tx),
    ]);
    worker.takeOver(epochs);
    lookOut.takeOver(branches);
    return [...timers, ...branches.flatMap(timerOf)];
  }

  dropped(lanes: readonly number[]): void {
    this.options.worker.drop(lanes);
    this.options.lookOut.drop(lanes);
    this.others.dropped(lanes);
  }

  prefetch(work: readonly Work[], tx: Queries): void {
    const asked = work.filter(item => item.kind === 'timer' || this.#concernsBranch(item));
    if (asked.length > 0) {
      const orderIds = [...new Set(asked.map(orderOf))].filter(isWrittenOrderId);
      this.#prefetched.begin(loadBranches(tx, this.options.work.name, orderIds));
    }
    const rest = asked.length === 0 ? work : work.filter(item => !this.#concernsBranch(item));
    if (rest.length > 0) this.others.prefetch?.(rest, tx);
  }

  async process(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const mayConcern = work.some(item => item.kind === 'timer' || this.#concernsBranch(item));
    if (!mayConcern && !work.some(item => this.#meetsOpenBranch(item)))
      return this.others.process(work, pass);

    const known = mayConcern ? await this.#prefetched.take() : new Map<string, StoredBranch>();
    const branches = new BranchPass(this.options, known, pass.now);
    const rest: Work[] = [];
    const refused: Outgoing[] = [];
    const causes = new Map<Work, unknown>();
    for (const item of work) {
      try {
        const event = this.#eventOf(item, known);
        if (event !== null) branches.take(item, event);
        else if (this.#meetsOpenBranch(item)) refused.push(...this.#refusal(item, pass.now));
        else rest.push(item);
      } catch (error) {
        causes.set(item, error);
      }
    }
    if (causes.size > 0) throw new PoisonedWork(causes);
    await branches.save(pass);
    const other = rest.length > 0 ? await this.others.process(rest, pass) : nothing;
    return {
      send: [...branches.send, ...refused, ...other.send],
      hold: other.hold,
      timers: [...branches.timers(), ...other.timers],
      committed: () => {
        branches.committed();
        other.committed?.();
      },
    };
  }

  #concernsBranch(item: Work): boolean {
    return item.kind === 'message' ? item.message.type in this.#types : reportIn(item) !== null;
  }

  /**
   * The order's rows may be locked by its own prepared transaction. The pass must not wait for them: what ends the
   * branch may be behind.
   */
  #meetsOpenBranch(item: Work): boolean {
    return (
      item.kind === 'message' &&
      !this.#concernsBranch(item) &&
      this.options.lookOut.isOpen(item.message.subject)
    );
  }

  #eventOf(item: Work, known: ReadonlyMap<string, StoredBranch>): BranchEvent | null {
    switch (item.kind) {
      case 'timer':
        return known.has(item.orderId) ? { kind: 'timer' } : null;
      case 'submitted':
        return reportIn(item)?.event ?? null;
      case 'message':
        return this.#operationOf(item.message);
    }
  }

  #operationOf(message: Message): BranchEvent | null {
    const operation = this.#types[message.type];
    if (operation === undefined) return null;
    if (!isWrittenOrderId(message.subject))
      throw new TypeError(`"${message.subject}" is not an order id: a UUID in lower case`);
    const { attempt = 1, deadline } = message;
    if (operation !== 'prepare') return { kind: operation, attempt };
    const order = BranchOrder.parse(message.data);
    this.options.work.check(order);
    const deadlineAt = deadline === undefined ? null : Date.parse(deadline);
    if (Number.isNaN(deadlineAt)) throw new TypeError('the deadline is no time');
    return { kind: 'prepare', attempt, order, deadlineAt };
  }

  /** "Not now": it is worth another attempt when the branch has ended. */
  #refusal(item: Work, at: Date): Outgoing[] {
    if (item.kind !== 'message') return [];
    const { message } = item;
    const answer = { outcome: 'refused', code: 'BRANCH_OPEN', detail: 'a branch of the order is open' };
    const source = `/${this.options.work.name}`;
    const reply = createMessage({
      at,
      type: answerType(message),
      source,
      ...inherited(message),
      data: answer,
    });
    return [{ topic: repliesTopic, message: reply }];
  }
}

const nothing: PassResult = { send: [], hold: [], timers: [] };

type BranchOperation = keyof typeof branchCommands;

const operationsOf = (name: string): Readonly<Record<string, BranchOperation>> =>
  Object.fromEntries(
    Object.entries(branchCommands).map(([operation, suffix]) => [
      `${name}.${suffix}`,
      operation as BranchOperation,
    ]),
  );

function timerOf({ branch, lane }: StoredBranch): Timer[] {
  const at = hasEnded(branch) ? null : nextBranchDue(branch);
  return at === null ? [] : [{ lane, orderId: branch.orderId, at }];
}
