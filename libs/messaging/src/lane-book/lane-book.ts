import { type LaneAction, type LaneMove, type LaneView, problems } from '@ballast/contracts';
import { type Pool, Problem, type Queries, transaction } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogBounds } from '../lanes/claim.js';
import { statements } from '../storage/statements.js';

/** What is asked of the lanes of this process. */
export interface OwnLanes {
  readonly topics: readonly string[];
  health(): { readonly refused: Readonly<Record<string, string>> };
  /** Where the partitions of the topics begin and end now, by `topic/lane`. */
  bounds(): Promise<ReadonlyMap<string, LogBounds>>;
}

/** How long an operator waits for Kafka. */
const kafkaPatienceMs = 5_000;

/**
 * The lanes in this service's database: looked at, and their positions set by operators. That fences the owner, whichever
 * process it is: it claims the lane again, and goes on from the new positions.
 */
export class LaneBook {
  constructor(
    private readonly database: Pool,
    private readonly own: OwnLanes,
  ) {}

  /** By number. */
  list(): Promise<LaneView[]> {
    return this.#load(this.database, null);
  }

  /**
   * Undefined when there is no such lane.
   * @throws Problem when it does not fit the lane as it stands (409), or Kafka does not say where the topics begin (503)
   */
  async act(lane: number, { action, operator, reason }: LaneAction): Promise<LaneView | undefined> {
    const bounds = await this.#bounds();
    return transaction(this.database, async tx => {
      // The wait is for the owner's pass, which may not take long.
      await tx.query({ text: 'SET LOCAL lock_timeout = 0' });
      const fenced = await tx.query(statements.statement('fence-lane', [lane]));
      if (fenced.rows.length === 0) return undefined;
      const { rows } = await tx.query<{ topic: string; next_offset: number }>(
        statements.statement('load-positions', [[lane], [...this.own.topics]]),
      );
      const positions = new Map(rows.map(({ topic, next_offset }) => [topic, next_offset]));
      const moved = movesOf(action, this.#begins(lane, bounds), positions);
      await tx.query(
        statements.statement('begin-positions', [
          moved.map(() => lane),
          moved.map(({ topic }) => topic),
          moved.map(({ to }) => to),
        ]),
      );
      await tx.query(
        statements.statement('insert-lane-action', [lane, action, operator, reason, JSON.stringify(moved)]),
      );
      return (await this.#load(tx, lane))[0];
    });
  }

  async #load(database: Queries, lane: number | null): Promise<LaneView[]> {
    const { rows } = await database.query<LaneRow>(
      statements.statement('list-lanes', [lane, [...this.own.topics]]),
    );
    const { refused } = this.own.health();
    return rows.map(row => viewOf(row, refused[row.lane] ?? null));
  }

  /** kafkajs tries for ever while Kafka is away. */
  async #bounds(): Promise<ReadonlyMap<string, LogBounds>> {
    const waiting = new AbortController();
    try {
      const bounds = await Promise.race([
        this.own.bounds(),
        sleep(kafkaPatienceMs, undefined, { signal: waiting.signal }),
      ]);
      if (bounds !== undefined) return bounds;
    } catch (cause) {
      throw new Problem(problems.UNAVAILABLE, unknownBegins, { cause });
    } finally {
      waiting.abort();
    }
    throw new Problem(problems.UNAVAILABLE, unknownBegins);
  }

  /** Where each topic of the lane begins on the broker. */
  #begins(lane: number, bounds: ReadonlyMap<string, LogBounds>): Map<string, number> {
    return new Map(
      this.own.topics.flatMap(topic => {
        const found = bounds.get(`${topic}/${lane}`);
        return found === undefined ? [] : [[topic, found.start] as const];
      }),
    );
  }
}

const unknownBegins = "Kafka does not say where the lane's topics begin: nothing was done";

/** Which offsets change. Throws a Problem (409) when the action does not fit. */
function movesOf(
  action: LaneAction['action'],
  begins: ReadonlyMap<string, number>,
  positions: ReadonlyMap<string, number>,
): LaneMove[] {
  const all = [...begins].map(([topic, to]) => ({ topic, from: positions.get(topic) ?? null, to }));
  const lost = all.filter(({ from, to }) => from !== null && from < to);
  if (action === 'accept-loss') {
    if (lost.length > 0) return lost;
    const detail = 'nothing is lost: no topic of the lane begins after the next message to handle';
    throw new Problem(problems.LANE_ACTION_REFUSED, detail);
  }
  if (lost.length === 0) return all.filter(({ from, to }) => from !== to);
  const gaps = lost.map(({ topic, from, to }) => `${topic} from ${from} to ${to - 1}`).join(', ');
  throw new Problem(problems.LANE_ACTION_REFUSED, `messages are lost (${gaps}): accept that first`);
}

interface LaneRow {
  readonly lane: number;
  readonly epoch: number;
  readonly owner: string;
  readonly claimed_at: Date;
  readonly positions: LaneView['positions'];
  /** Null, and so are the others, where no operator did anything. */
  readonly action: LaneAction['action'] | null;
  readonly operator: string;
  readonly reason: string;
  readonly moved: LaneMove[];
  readonly done_at: Date;
}

function viewOf(row: LaneRow, refused: string | null): LaneView {
  const { lane, epoch, owner, claimed_at, positions, action, operator, reason, moved, done_at } = row;
  return {
    lane,
    epoch,
    owner,
    claimedAt: claimed_at.toISOString(),
    positions,
    refused,
    lastAction: action && { action, operator, reason, at: done_at.toISOString(), moved },
  };
}
