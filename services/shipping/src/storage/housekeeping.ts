import type { Logger, Queries } from '@ballast/platform';
import { statements } from './statements.js';

/** How long the idempotency key of added slots is remembered, in seconds: a week. */
const keySeconds = 7 * 86_400;
const intervalMs = 60_000;
/** In rows: no statement holds anything up for longer than some milliseconds. */
const batchMax = 10_000;

/** Keeps small what would grow for ever. Any number of replicas may do it at the same time, and none has to. */
export class Housekeeping {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Queries,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.#round.then(() =>
        this.tidy().catch((error: unknown) => this.logger.warn({ err: error }, 'housekeeping has to wait')),
      );
    }, intervalMs).unref();
  }

  /** Returns when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  /** One round of it. */
  async tidy(): Promise<void> {
    await this.database.query(statements.statement('forget-slots-keys', [keySeconds, batchMax]));
  }
}
