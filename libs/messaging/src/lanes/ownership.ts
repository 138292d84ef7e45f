import type { Connection, Logger } from '@ballast/platform';
import type { LaneConsumer } from '../kafka/lane-consumer.js';
import { reached } from '../moments.js';
import type { Publisher } from '../outbox/publisher.js';
import { type Claimed, claimLanes } from './claim.js';
import type { Lane } from './lane.js';
import type { LoopSettings } from './settings.js';
import type { Signal } from './signal.js';
import type { LaneHandler, Timer } from './work.js';

/** What a replica owns needs to be claimed from, remembered and forgotten with. */
export interface OwnershipOptions {
  /** What the lanes' rows name as their owner. */
  readonly owner: string;
  readonly settings: LoopSettings;
  readonly consumer: Pick<LaneConsumer, 'bounds' | 'prove' | 'seek' | 'pause' | 'resume'>;
  readonly publisher: Publisher;
  readonly handler: LaneHandler;
  readonly signal: Signal;
  readonly logger: Logger;
  /** These timers run from now on. */
  taken(timers: readonly Timer[]): void;
  /** These lanes are no longer ours, or not yet again: what waits of them is to be given back. */
  forgotten(lanes: ReadonlySet<number>): void;
}

/**
 * The lanes of a replica: which it was assigned, which of them it has claimed in the database and proved to Kafka, and
 * which it refuses to go on with. Assigned lanes stay paused until they are claimed.
 */
export class Ownership {
  readonly #lanes = new Map<number, Lane>();
  /** Lanes of the current generation that are to be claimed (again). */
  #toClaim = new Set<number>();
  #assigned: readonly number[] = [];
  #generation = 0;
  readonly #refused = new Map<number, string>();
  #failures = 0;

  constructor(private readonly options: OwnershipOptions) {}

  /** Ours: claimed and proved. */
  get lanes(): ReadonlyMap<number, Lane> {
    return this.#lanes;
  }

  get waitingForClaim(): number {
    return this.#toClaim.size;
  }

  /** Lanes that stay paused until an operator accepts what is wrong with them, and why. */
  get refused(): ReadonlyMap<number, string> {
    return this.#refused;
  }

  /** Whether what we have is not what we were assigned. */
  get outdated(): boolean {
    return this.#toClaim.size > 0 || this.#lanes.size !== this.#assigned.length - this.#refused.size;
  }

  /** The group has a new generation, and these lanes are assigned to us. */
  joined(lanes: readonly number[]): void {
    this.#generation++;
    this.#assigned = lanes;
    this.#toClaim = new Set(lanes);
    this.#failures = 0;
    this.#refused.clear();
    this.options.signal.notify();
  }

  /** Gives up what is no longer assigned, and claims what is; a claim that Kafka does not prove is made again later. */
  async claim(db: Connection): Promise<void> {
    const { consumer, handler, settings, logger } = this.options;
    const generation = this.#generation;
    await this.options.publisher.settled();
    const asked = new Set(this.#toClaim);
    const assigned = new Set(this.#assigned);
    this.#forget(new Set([...this.#lanes.keys()].filter(lane => asked.has(lane) || !assigned.has(lane))));
    const lanes = [...asked].sort((a, b) => a - b);
    if (lanes.length === 0) return;
    handler.dropped(lanes);

    const claimed = await claimLanes(
      db,
      {
        owner: this.options.owner,
        lanes,
        topics: settings.topics,
        bounds: await consumer.bounds(),
        httpRowAgeSeconds: settings.httpRowAgeMs / 1_000,
      },
      handler,
    );
    reached('lanes taken over');
    for (const alarm of claimed.alarms) logger.error({ alarm: true }, alarm);
    const proved = await consumer.prove(positionsOf(claimed.lanes));
    if (generation !== this.#generation || !proved) {
      handler.dropped(lanes);
      if (generation === this.#generation) await this.#claimLater();
      return;
    }
    this.#failures = 0;
    await this.#takeOver(claimed);
  }

  /** Their memory is wrong, or somebody else has claimed them: they are claimed again, and the proof decides. */
  reclaim(lanes: ReadonlySet<number>): void {
    this.options.consumer.pause([...lanes]);
    this.#forget(lanes);
    for (const lane of lanes) if (this.#assigned.includes(lane)) this.#toClaim.add(lane);
  }

  /**
   * Their epoch is not ours. Whoever is no member of the group any more leaves them to their new owner, instead of fencing
   * it by one more claim: the next generation says what is ours.
   */
  async reclaimIfMember(lanes: readonly number[]): Promise<void> {
    const ours = lanes.flatMap(lane => this.#lanes.get(lane) ?? []);
    if (ours.length === 0 || !(await this.options.consumer.prove(positionsOf(ours)))) return;
    this.options.logger.info({ lanes }, 'the epochs of lanes were raised; claiming again');
    this.reclaim(new Set(lanes));
  }

  /** Claims again what is refused: an operator may have accepted it. */
  tryRefused(): void {
    this.reclaim(new Set(this.#refused.keys()));
  }

  /** Commits the positions to Kafka, for its lag's sake only: the database's are the truth. */
  showPositions(): void {
    void this.options.consumer.prove(positionsOf([...this.#lanes.values()]));
  }

  async #takeOver(claimed: Claimed): Promise<void> {
    const { consumer, publisher, handler, logger } = this.options;
    const ours: number[] = [];
    for (const lane of claimed.lanes) {
      this.#toClaim.delete(lane.number);
      const refusal = claimed.refused.get(lane.number);
      if (refusal !== undefined) {
        if (this.#refused.get(lane.number) !== refusal)
          logger.error({ alarm: true, lane: lane.number }, refusal);
        this.#refused.set(lane.number, refusal);
        handler.dropped([lane.number]);
        continue;
      }
      this.#refused.delete(lane.number);
      this.#lanes.set(lane.number, lane);
      ours.push(lane.number);
      for (const [topic, offset] of lane.next) consumer.seek(lane.number, topic, offset);
    }
    this.options.taken(claimed.timers);
    const unsent = claimed.unsent.filter(({ lane }) => this.#lanes.has(lane));
    await publisher.publish(unsent);
    consumer.resume(ours);
    if (ours.length === 0) return;
    logger.info({ lanes: ours, unsent: unsent.length, timers: claimed.timers.length }, 'lanes claimed');
  }

  async #claimLater(): Promise<void> {
    this.#failures++;
    const pauseMs = Math.min(50 * 2 ** this.#failures, 2_000) * (0.5 + Math.random() / 2);
    this.options.logger.info(
      { pauseMs, failures: this.#failures },
      'the claim was not proved; next try after a pause',
    );
    await this.options.signal.wait(pauseMs);
  }

  #forget(lanes: ReadonlySet<number>): void {
    if (lanes.size === 0) return;
    this.options.handler.dropped([...lanes]);
    for (const lane of lanes) this.#lanes.delete(lane);
    this.options.forgotten(lanes);
  }
}

const positionsOf = (lanes: readonly Lane[]) =>
  lanes.flatMap(({ number: lane, next }) => [...next].map(([topic, offset]) => ({ lane, topic, offset })));
