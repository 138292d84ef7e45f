import type { Logger } from '../logging/logger.js';
import type { Queries, Query } from '../queries.js';

/** Something that keeps a table small, or a sum short: a bounded piece of it at a time. */
export interface Chore {
  readonly name: string;
  /** How long after a round with nothing left to do the next one begins. */
  readonly everyMs: number;
  /** Does one piece, of some milliseconds; whether there is more to do at once. */
  run(database: Queries): Promise<boolean>;
}

/** A chore of one statement that takes `rowsMax` rows at most: a full piece means that there is more to do. */
export function rowsAtATime(
  name: string,
  {
    everyMs,
    rowsMax,
    statement,
  }: { everyMs: number; rowsMax: number; statement: (rowsMax: number) => Query },
): Chore {
  return {
    name,
    everyMs,
    run: async database => ((await database.query(statement(rowsMax))).rowCount ?? 0) >= rowsMax,
  };
}

/** However long a piece took, the next one need not wait for longer. */
const restMaxMs = 1_000;

/**
 * Keeps small what would grow for ever, beside the requests and the lanes. Chores never run side by side, and after
 * each piece as much time is left to others as it took: the database is busy with it for half of the time at most. Any number of replicas may do the same chores at the same time, and none has to.
 */
export class Housekeeping {
  readonly #dueMs: Map<Chore, number>;
  #restMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly database: Queries,
    private readonly chores: readonly Chore[],
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.#dueMs = new Map(chores.map(chore => [chore, 0]));
  }

  start(): void {
    const nowMs = Date.now();
    for (const chore of this.chores) this.#dueMs.set(chore, nowMs + chore.everyMs);
    this.#wait();
  }

  /** Returns when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Does all that there is to do now. Rejects with the first failure. */
  async tidy(): Promise<void> {
    for (const chore of this.chores) while (await chore.run(this.database));
  }

  #wait(): void {
    if (this.#stopped || this.chores.length === 0) return;
    const waitMs = Math.max(this.#restMs, Math.min(...this.#dueMs.values()) - Date.now());
    this.#timer = setTimeout(() => (this.#round = this.#next()), waitMs).unref();
  }

  /** Runs the chore that has been due for longest. */
  async #next(): Promise<void> {
    const [chore] = [...this.#dueMs].reduce((first, other) => (other[1] < first[1] ? other : first));
    const startedMs = Date.now();
    let waitMs = chore.everyMs;
    try {
      if (await chore.run(this.database)) waitMs = 0;
    } catch (error) {
      this.logger.warn({ err: error, chore: chore.name }, 'housekeeping has to wait');
    }
    const endedMs = Date.now();
    this.#restMs = Math.min(endedMs - startedMs + 1, restMaxMs);
    this.#dueMs.set(chore, endedMs + waitMs);
    this.#wait();
  }
}
