import type { Connection, Logger } from '@ballast/platform';
import type { OutboxRow, Publisher } from '../outbox/publisher.js';
import { bucketMs, keepInboxBuckets } from '../storage/inbox-buckets.js';
import { statements } from '../storage/statements.js';
import { loadHeld } from './held.js';
import type { Item } from './item.js';
import { doOperatorActions, rememberSettled } from './operator-actions.js';
import type { Ownership } from './ownership.js';
import type { PassOutcome } from './pass.js';
import { Periodic } from './periodic.js';
import type { LoopSettings } from './settings.js';

/** What the chores need of the loop that they belong to. */
export interface LaneChoresOptions {
  readonly settings: LoopSettings;
  readonly database: () => Connection;
  /** By the database's clock. */
  readonly now: () => Date;
  readonly publisher: Publisher;
  readonly ownership: Ownership;
  /** Whether nothing waits for a pass. */
  readonly idle: () => boolean;
  /** How much a pass may handle now. */
  readonly passItemsMax: () => number;
  /** A pass without messages: forgets what was sent. */
  readonly pass: () => Promise<PassOutcome>;
  /** Handles these, and what else is in hand. */
  readonly handle: (held: readonly Item[]) => Promise<void>;
  readonly logger: Logger;
}

/** What the owner of lanes does between passes, each now and then: all of it by the loop's own connection, in its turn. */
export class LaneChores {
  readonly #deletion: Periodic;
  readonly #operators: Periodic;
  readonly #epochs: Periodic;
  readonly #refused: Periodic;
  readonly #held: Periodic;
  readonly #sweeping: Periodic;
  readonly #offsets: Periodic;
  readonly #buckets: Periodic;

  constructor(private readonly options: LaneChoresOptions) {
    const { settings, ownership } = options;
    this.#deletion = new Periodic(settings.deletionMs, () => this.#deleteWhenIdle());
    this.#operators = new Periodic(settings.operatorsMs, () => this.#doOperatorActions());
    this.#epochs = new Periodic(settings.epochsMs, () => this.#lookAtEpochs());
    this.#refused = new Periodic(settings.refusedRetryMs, async () => ownership.tryRefused());
    this.#held = new Periodic(settings.heldRetryMs, () => this.#retryHeld());
    this.#sweeping = new Periodic(settings.httpRowAgeMs / 2, () => this.#sweep());
    this.#offsets = new Periodic(settings.offsetCommitMs, async () => ownership.showPositions());
    this.#buckets = new Periodic(0, () => this.#keepInboxBuckets());
  }

  async doWhatIsDue(): Promise<void> {
    if (this.options.publisher.sentCount > 0) await this.#deletion.doIfDue();
    await this.#operators.doIfDue();
    await this.#refused.doIfDue();
    await this.#held.doIfDue();
    if (this.options.ownership.lanes.size > 0) {
      await this.#epochs.doIfDue();
      await this.#sweeping.doIfDue();
      await this.#offsets.doIfDue();
    }
    await this.#buckets.doIfDue();
  }

  /** At once, due or not. */
  async keepInboxBuckets(): Promise<void> {
    this.#buckets.hasten();
    await this.#buckets.doIfDue();
  }

  /** Forgets what is on its topic; else the next pass does. */
  async deletePublished(): Promise<void> {
    const { publisher, ownership, pass } = this.options;
    if (publisher.sentCount === 0) return;
    const outcome = await pass();
    if (outcome.kind === 'fenced') ownership.reclaim(outcome.lanes);
  }

  async #deleteWhenIdle(): Promise<void> {
    if (this.options.idle()) await this.deletePublished();
  }

  async #doOperatorActions(): Promise<void> {
    const { database, ownership, logger } = this.options;
    const done = await doOperatorActions(database(), ownership.lanes);
    if (done.kind === 'fenced') ownership.reclaim(done.lanes);
    if (done.kind !== 'done') return;
    rememberSettled(ownership.lanes, done.orders);
    this.#held.hasten();
    logger.info({ deadLetters: done.letters }, 'operators have settled dead letters');
    if (done.toClaim.size > 0) ownership.reclaim(done.toClaim);
  }

  /** A pass notices by itself: this is for lanes that have none. */
  async #lookAtEpochs(): Promise<void> {
    const { database, ownership } = this.options;
    const lanes = [...ownership.lanes.values()];
    const { rows } = await database().query<{ lane: number }>(
      statements.statement('find-fenced-lanes', [
        lanes.map(({ number }) => number),
        lanes.map(({ epoch }) => epoch),
      ]),
    );
    if (rows.length > 0) await ownership.reclaimIfMember(rows.map(({ lane }) => lane));
  }

  async #retryHeld(): Promise<void> {
    const { database, ownership, passItemsMax, handle } = this.options;
    const orders = [...ownership.lanes.values()].flatMap(({ number, blocked }) =>
      [...blocked]
        .filter(([, reason]) => reason === 'locked')
        .map(([orderId]) => ({ lane: number, orderId })),
    );
    if (orders.length > 0) await handle(await loadHeld(database(), orders.slice(0, passItemsMax())));
  }

  async #sweep(): Promise<void> {
    const { database, publisher, ownership, settings } = this.options;
    // What we have sent ourselves must be gone from the table before it is looked at.
    await publisher.settled();
    await this.deletePublished();
    const { rows } = await database().query<OutboxRow & { [column: string]: unknown }>(
      statements.statement('sweep-outbox', [[...ownership.lanes.keys()], settings.httpRowAgeMs / 1_000]),
    );
    await publisher.publish(rows);
  }

  async #keepInboxBuckets(): Promise<number> {
    const { database, now, settings } = this.options;
    const more = await keepInboxBuckets(database(), now(), settings.horizonMs);
    return more ? 1_000 : Math.min(600_000, bucketMs(settings.horizonMs) / 2);
  }
}
