import type { Logger, Queries } from '@ballast/platform';
import { gidPattern, orderOfGid } from '@ballast/two-phase';
import { listPrepared } from './prepared.js';
import { statements, type StoredBranch } from './tables.js';
import type { BranchWorker } from './worker.js';

export interface LookOutOptions {
  readonly name: string;
  readonly database: Queries;
  readonly worker: BranchWorker;
  readonly laneOf: (orderId: string) => number;
  readonly logger: Pick<Logger, 'warn'>;
  /** How often operators' decisions are looked for while a branch is in doubt. */
  readonly decisionsMs: number;
  /** How often the database's prepared transactions are held against what is known of them. */
  readonly lookMs: number;
}

interface Open {
  readonly lane: number;
  readonly inDoubt: boolean;
}

/**
 * Knows the open branches of our lanes, and holds them against what the database has prepared: when a lane was taken
 * over, and from time to time. What it finds goes to the loop.
 */
export class LookOut {
  readonly #open = new Map<string, Open>();
  /** Prepared transactions that nobody knew of the last time. */
  #strange: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #lookAtMs = 0;
  #stopped = false;

  constructor(private readonly options: LookOutOptions) {}

  start(): void {
    if (this.#stopped) return;
    const wait = () => {
      this.#timer = setTimeout(() => {
        this.#looking = this.#round().then(() => {
          if (!this.#stopped) wait();
        });
      }, this.options.decisionsMs).unref();
    };
    wait();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  isOpen(orderId: string): boolean {
    return this.#open.has(orderId);
  }

  remember({ branch: { orderId, state }, lane }: StoredBranch): void {
    if (state.kind === 'committed' || state.kind === 'rolled-back') this.#open.delete(orderId);
    else this.#open.set(orderId, { lane, inDoubt: state.kind === 'prepared' });
  }

  /** These are all the open branches of the lanes: each goes on from what the database shows of it. */
  takeOver(branches: readonly StoredBranch[]): void {
    for (const stored of branches) this.remember(stored);
    // Those that are prepared ask when their time has come, if they hear nothing.
    const unsettled = branches.filter(({ branch }) => branch.state.kind !== 'prepared');
    if (unsettled.length > 0) void this.#compare(unsettled);
  }

  drop(lanes: readonly number[]): void {
    const dropped = new Set(lanes);
    for (const [orderId, { lane }] of this.#open) if (dropped.has(lane)) this.#open.delete(orderId);
  }

  async #compare(branches: readonly StoredBranch[]): Promise<void> {
    const { worker } = this.options;
    const listed = await this.#listedWhen(() =>
      branches.some(({ lane }) => worker.epochOf(lane) !== undefined),
    );
    if (listed === null) return;
    for (const { branch, lane } of branches) {
      void worker.report(branch.orderId, lane, { kind: 'looked', listed: listed.has(branch.orderId) });
    }
  }

  /** The orders of what is prepared; tried again while it is wanted. */
  async #listedWhen(isWanted: () => boolean): Promise<ReadonlySet<string> | null> {
    while (isWanted() && !this.#stopped) {
      try {
        return await this.#listed();
      } catch (error) {
        this.options.logger.warn({ err: error }, 'what is prepared cannot be listed now');
        await new Promise(resolve => setTimeout(resolve, this.options.decisionsMs));
      }
    }
    return null;
  }

  async #listed(): Promise<ReadonlySet<string>> {
    const { name, database, worker } = this.options;
    const own = await worker.database();
    const gids = await listPrepared(database, gidPattern(name));
    return new Set(gids.map(gid => orderOfGid(gid, name, own)).filter(orderId => orderId !== null));
  }

  async #round(): Promise<void> {
    try {
      if ([...this.#open.values()].some(({ inDoubt }) => inDoubt)) await this.#takeDecisions();
      if (performance.now() >= this.#lookAtMs) {
        this.#lookAtMs = performance.now() + this.options.lookMs;
        await this.#lookForStrangers();
      }
    } catch (error) {
      this.options.logger.warn({ err: error }, 'branches cannot be looked after now');
    }
  }

  async #takeDecisions(): Promise<void> {
    const lanes = [...new Set([...this.#open.values()].map(({ lane }) => lane))];
    const { rows } = await this.options.database.query<DecisionRow>(
      statements.statement('load-decisions', [lanes]),
    );
    for (const { order_id: orderId, lane, outcome } of rows) {
      await this.options.worker.report(orderId, lane, { kind: 'overruled', outcome });
    }
  }

  /** What is prepared, and open to nobody, twice in a row: once may be a branch that is just ending. */
  async #lookForStrangers(): Promise<void> {
    const { worker, laneOf } = this.options;
    const strange = [...(await this.#listed())].filter(orderId => !this.#open.has(orderId));
    for (const orderId of strange) {
      const lane = laneOf(orderId);
      if (!this.#strange.has(orderId) || worker.epochOf(lane) === undefined) continue;
      void worker.report(orderId, lane, { kind: 'looked', listed: true });
    }
    this.#strange = new Set(strange);
  }
}

interface DecisionRow {
  readonly order_id: string;
  readonly lane: number;
  readonly outcome: 'commit' | 'rollback';
}
