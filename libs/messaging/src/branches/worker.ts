import { isPassingDatabaseError, type Logger, type Pool } from '@ballast/platform';
import { type BranchEffect, type BranchEvent, BranchOrder, gidOf } from '@ballast/two-phase';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkSink } from '../lanes/work.js';
import { reached } from '../moments.js';
import { Places } from './places.js';
import {
  type Attempt,
  commitPrepared,
  type Ended,
  isPrepared,
  prepare,
  rollBackPrepared,
} from './prepared.js';
import type { BranchReport } from './submitted.js';
import { statements } from './tables.js';
import type { BranchWork } from './work.js';

export interface BranchWorkerOptions {
  readonly work: BranchWork;
  /** Of its own: who waits for a lock in it is waited for by nobody. */
  readonly preparing: Pool;
  /** Another one: what ends a branch releases the locks that the first may be waiting for. */
  readonly ending: Pool;
  /** The loop of the lanes. */
  readonly sink: WorkSink;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** How many branches are being prepared at a time, and how many ended. */
  readonly preparingMax: number;
  readonly endingMax: number;
  /** How long a transaction waits for one lock. */
  readonly lockTimeoutMs: number;
  /** How long is tried, from the first attempt on, until the vote is no. */
  readonly patienceMs: number;
  readonly pauseMs: number;
}

export type BranchTask = BranchEffect & { readonly kind: 'do' | 'end' };

interface Task {
  readonly orderId: string;
  readonly lane: number;
  readonly epoch: number;
  readonly wanted: BranchTask;
  /** Its forerunner for the same order, which may still be at it. */
  readonly after: Promise<void>;
  givenUp: boolean;
  settled: Promise<void>;
}

interface Outcome {
  readonly event: BranchEvent;
  readonly keys?: readonly string[];
}

/**
 * Prepares and ends the branches of our lanes, beside the loop: it alone waits for locks. Its memory is only a copy of
 * the open rows of `branch`; whoever owns the lane next looks what is prepared, and goes on from there.
 */
export class BranchWorker {
  readonly #epochs = new Map<number, number>();
  readonly #tasks = new Map<string, Task>();
  readonly #preparing: Places;
  readonly #ending: Places;
  readonly #underWay = new Set<Promise<void>>();
  #database: Promise<string> | null = null;
  #closed = false;

  constructor(private readonly options: BranchWorkerOptions) {
    this.#preparing = new Places(options.preparingMax);
    this.#ending = new Places(options.endingMax);
  }

  /** The lanes were claimed, under these epochs. */
  takeOver(epochs: ReadonlyMap<number, number>): void {
    for (const [lane, epoch] of epochs) this.#epochs.set(lane, epoch);
  }

  /** The lanes are not ours any more. What is under way for them is given up, unless PREPARE was sent. */
  drop(lanes: readonly number[]): void {
    for (const lane of lanes) this.#epochs.delete(lane);
    for (const task of this.#tasks.values()) {
      if (this.#epochs.get(task.lane) === task.epoch) continue;
      task.givenUp = true;
      this.#tasks.delete(task.orderId);
    }
  }

  epochOf(lane: number): number | undefined {
    return this.#epochs.get(lane);
  }

  isAt(orderId: string): boolean {
    return this.#tasks.has(orderId);
  }

  /** Something that was just committed is to be done. It gives up what was being done for the order before. */
  start(orderId: string, lane: number, wanted: BranchTask): void {
    const epoch = this.#epochs.get(lane);
    if (this.#closed || epoch === undefined) return;
    const before = this.#tasks.get(orderId);
    if (before !== undefined) before.givenUp = true;
    const after = before?.settled ?? Promise.resolve();
    const task: Task = { orderId, lane, epoch, wanted, after, givenUp: false, settled: after };
    this.#tasks.set(orderId, task);
    const underWay = this.#run(task).finally(() => this.#underWay.delete(underWay));
    task.settled = underWay;
    this.#underWay.add(underWay);
  }

  /** To the loop. Between a claim and its proof it takes nothing: then again, for as long as the lane is ours. */
  async report(
    orderId: string,
    lane: number,
    event: BranchEvent,
    keys: readonly string[] = [],
  ): Promise<void> {
    const epoch = this.#epochs.get(lane);
    const payload: BranchReport = { kind: 'branch', event, keys: [...keys] };
    while (!this.#closed && epoch !== undefined && this.#epochs.get(lane) === epoch) {
      if (this.options.sink.submit({ kind: 'submitted', lane, orderId, payload })) return;
      await sleep(this.options.pauseMs);
    }
  }

  /** The name of a branch's transaction in this database. */
  async gidOf(orderId: string): Promise<string> {
    return gidOf({ orderId, name: this.options.work.name }, await this.database());
  }

  /** The name of our database, which is a part of its prepared transactions' names. */
  database(): Promise<string> {
    this.#database ??= this.options.ending
      .query<{ name: string }>({ text: 'SELECT current_database() AS name' })
      .then(({ rows }) => rows[0]!.name)
      .catch((error: unknown) => {
        this.#database = null;
        throw error;
      });
    return this.#database;
  }

  /** Gives up what is not prepared yet, and returns when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#tasks.values()) task.givenUp = true;
    await Promise.all(this.#underWay);
  }

  /** Never rejects. */
  async #run(task: Task): Promise<void> {
    const { orderId, lane, wanted, after } = task;
    await after;
    const outcome =
      wanted.kind === 'do'
        ? await this.#preparing.take(() => this.#prepare(task, wanted.order))
        : await this.#ending.take(() => this.#end(task, wanted.outcome));
    if (this.#tasks.get(orderId) !== task) return;
    this.#tasks.delete(orderId);
    // What comes next for the order need not wait for the loop.
    if (outcome !== null) void this.report(orderId, lane, outcome.event, outcome.keys);
  }

  /** Null when there is nothing to tell: a rollback came first, or it was given up. */
  async #prepare(task: Task, work: unknown): Promise<Outcome | null> {
    const givesUpAtMs = performance.now() + this.options.patienceMs;
    for (let attempt = 1; !this.#isGivenUp(task); attempt++) {
      let why: string;
      let mayBePrepared = false;
      try {
        const gid = await this.gidOf(task.orderId);
        const outcome = await this.#attempt(task, gid, work);
        switch (outcome.kind) {
          case 'prepared':
            return { event: { kind: 'prepared' }, keys: outcome.keys };
          case 'refused':
            return { event: outcome };
          case 'blocked':
            return null;
          case 'unknown':
            this.options.logger.warn(
              { err: outcome.error, gid },
              'nobody knows whether a branch is prepared',
            );
            return { event: { kind: 'failed', code: 'TIMEOUT' } };
          case 'contended':
            if (await isPrepared(this.options.ending, gid))
              return { event: { kind: 'looked', listed: true } };
            mayBePrepared = true;
            why = 'another process is at the branch';
            break;
          case 'locked':
            why = `somebody holds what it needs: ${outcome.on}`;
        }
      } catch (error) {
        if (!isPassingDatabaseError(error)) return this.#failedForGood(task, error);
        why = (error as Error).message;
      }
      if (performance.now() >= givesUpAtMs) return { event: outOfPatience(why, mayBePrepared) };
      await sleep(this.#pauseMs(attempt));
    }
    return null;
  }

  #attempt(task: Task, gid: string, work: unknown): Promise<Attempt> {
    const { orderId, lane, epoch } = task;
    const { preparing, ending, lockTimeoutMs } = this.options;
    return prepare(preparing, {
      gid,
      orderId,
      lockTimeoutMs,
      isOurs: async () =>
        (await ending.query(statements.statement('is-owned', [lane, epoch]))).rowCount === 1,
      work: tx => this.options.work.run(tx, orderId, BranchOrder.parse(work)),
      givenUp: () => this.#isGivenUp(task),
    });
  }

  /** A bug: the others of the commit need not wait for it. */
  #failedForGood({ orderId }: Task, error: unknown): Outcome {
    this.options.logger.error({ alarm: true, err: error, orderId }, 'a branch could not be prepared');
    const detail = String(error).slice(0, 500).toWellFormed().replaceAll('\u0000', '');
    return { event: { kind: 'refused', code: 'TIMEOUT', detail } };
  }

  /** What is decided is done in the end, however often it has to be tried. */
  async #end(task: Task, outcome: 'commit' | 'rollback'): Promise<Outcome | null> {
    const { orderId } = task;
    for (let attempt = 1; !this.#isGivenUp(task); attempt++) {
      try {
        const gid = await this.gidOf(orderId);
        const ended = await this.#finish(outcome, gid, orderId);
        reached('branch ended');
        return { event: { kind: 'ended', ...ended } };
      } catch (error) {
        if (attempt % 8 === 0)
          this.options.logger.warn({ err: error, orderId, outcome, attempt }, 'a branch cannot be ended yet');
        await sleep(this.#pauseMs(attempt));
      }
    }
    return null;
  }

  #finish(outcome: 'commit' | 'rollback', gid: string, orderId: string): Promise<Ended> {
    const { ending, lockTimeoutMs } = this.options;
    return outcome === 'commit'
      ? commitPrepared(ending, gid, orderId)
      : rollBackPrepared(ending, { gid, orderId, lockTimeoutMs });
  }

  #isGivenUp(task: Task): boolean {
    return task.givenUp || this.#closed;
  }

  #pauseMs(attempt: number): number {
    return Math.min(this.options.pauseMs * 2 ** (attempt - 1), 1_000) * (0.5 + Math.random() / 2);
  }
}

function outOfPatience(why: string, mayBePrepared: boolean): BranchEvent {
  return mayBePrepared
    ? { kind: 'failed', code: 'TIMEOUT' }
    : { kind: 'refused', code: 'TIMEOUT', detail: why.slice(0, 500) };
}
