import type { OutsideCall } from '@ballast/contracts';
import { type Logger, openPool, type Pool } from '@ballast/platform';
import { laneOf } from '../kafka/connection.js';
import type { ConsumerConfiguration } from '../kafka/settings.js';
import type { LaneHandler, WorkSink } from '../lanes/work.js';
import type { Participant } from '../participant/definition.js';
import { BranchHandler } from './handler.js';
import { LookOut } from './look-out.js';
import type { BranchConfiguration } from './settings.js';
import { branchWorkOf, type Preparable } from './work.js';
import { BranchWorker } from './worker.js';

export interface BranchesOptions<Own, Shared, Entry, Call extends OutsideCall> {
  readonly participant: Participant<Own, Shared, Entry, Call>;
  /** Every version that branches may still be asked for, the usual one first. */
  readonly definitions: readonly [Preparable, ...Preparable[]];
  /** What handles everything that concerns no branch. */
  readonly others: LaneHandler;
  /** The loop of the lanes. */
  readonly sink: WorkSink;
  readonly configuration: BranchConfiguration & Pick<ConsumerConfiguration, 'DATABASE_URL' | 'LANES'>;
  readonly logger: Logger;
}

/** A participant's part in two-phase commits, put together. Nothing is connected before there is something to do. */
export class Branches {
  readonly handler: BranchHandler;
  readonly #worker: BranchWorker;
  readonly #lookOut: LookOut;
  readonly #pools: readonly Pool[];

  constructor(options: BranchesOptions<unknown, unknown, unknown, OutsideCall>) {
    const { participant, definitions, others, sink, configuration, logger } = options;
    const work = branchWorkOf(participant, definitions);
    const { BRANCHES_PREPARING_MAX, BRANCH_LOCK_TIMEOUT_MS, BRANCH_PATIENCE_MS, BRANCH_ASK_AFTER_MS } =
      configuration;
    const pool = (what: string, max: number) =>
      openPool({
        url: configuration.DATABASE_URL,
        applicationName: `${work.name}-branches ${what}`,
        max,
        transactionTimeoutMs: BRANCH_LOCK_TIMEOUT_MS + 10_000,
        logger,
      });
    const preparing = pool('preparing', BRANCHES_PREPARING_MAX);
    const ending = pool('ending', endingMax + 1);
    this.#pools = [preparing, ending];
    this.#worker = new BranchWorker({
      work,
      preparing,
      ending,
      sink,
      logger,
      preparingMax: BRANCHES_PREPARING_MAX,
      endingMax,
      lockTimeoutMs: BRANCH_LOCK_TIMEOUT_MS,
      patienceMs: BRANCH_PATIENCE_MS,
      pauseMs: 25,
    });
    this.#lookOut = new LookOut({
      name: work.name,
      database: ending,
      worker: this.#worker,
      laneOf: orderId => laneOf(orderId, configuration.LANES),
      logger,
      decisionsMs: 1_000,
      lookMs: 5_000,
    });
    this.handler = new BranchHandler(others, {
      work,
      worker: this.#worker,
      lookOut: this.#lookOut,
      logger,
      patience: { askAfterMs: BRANCH_ASK_AFTER_MS, askAgainMs: BRANCH_ASK_AFTER_MS },
    });
  }

  static of<Own, Shared, Entry, Call extends OutsideCall>(
    options: BranchesOptions<Own, Shared, Entry, Call>,
  ): Branches {
    // What its records are is the participant's own business.
    return new Branches(options as unknown as BranchesOptions<unknown, unknown, unknown, OutsideCall>);
  }

  start(): void {
    this.#lookOut.start();
  }

  /** Gives up what is not prepared yet; what is stays so, and is ended by the lanes' next owner. */
  async close(): Promise<void> {
    await this.#lookOut.stop();
    await this.#worker.close();
    await Promise.all(this.#pools.map(pool => pool.end()));
  }
}

/** Ending takes a millisecond or two. */
const endingMax = 3;
