import type { Queries } from '@ballast/platform';
import type { OutboxRow } from '../outbox/publisher.js';
import { reached } from '../moments.js';
import { statements } from '../storage/statements.js';
import type { BlockReason, Lane } from './lane.js';
import type { LaneHandler, Timer } from './work.js';

/** Where a topic's partition begins and ends on the broker now. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

export interface Claimed {
  readonly lanes: Lane[];
  /** What the predecessor committed and may not have sent. To be sent before anything new of these lanes. */
  readonly unsent: OutboxRow[];
  readonly timers: readonly Timer[];
  /** Lanes that must stay paused: messages are lost, or the log is another one. An operator has to accept it. */
  readonly refused: ReadonlyMap<number, string>;
  /** Things that an operator should hear of, though the lane goes on. */
  readonly alarms: readonly string[];
}

export interface ClaimInput {
  readonly owner: string;
  readonly lanes: readonly number[];
  readonly topics: readonly string[];
  /** By `topic/lane`. */
  readonly bounds: ReadonlyMap<string, LogBounds>;
  /** Rows of requests are taken over only when they are older than this. */
  readonly httpRowAgeSeconds: number;
}

/**
 * Claim first, then look: one committed statement raises the epochs (it waits for a predecessor's open transaction,
 * and fences its later ones); what it left is read in new statements. A claim and a read in one statement would miss
 * rows that commit in between.
 */
export async function claimLanes(db: Queries, input: ClaimInput, handler: LaneHandler): Promise<Claimed> {
  const raised = await inTransaction(db, () =>
    db.query<{ lane: number; epoch: number }>(
      statements.statement('claim-lanes', [[...input.lanes], input.owner]),
    ),
  );
  reached('lanes claimed');
  const epochs = new Map(raised.rows.map(({ lane, epoch }) => [lane, epoch]));

  return inTransaction(db, async () => {
    const [positions, unsent, held, dead] = await Promise.all([
      db.query<{ lane: number; topic: string; next_offset: number }>(
        statements.statement('load-positions', [[...input.lanes], [...input.topics]]),
      ),
      db.query<OutboxRow & { [column: string]: unknown }>(
        statements.statement('load-outbox', [[...input.lanes], input.httpRowAgeSeconds]),
      ),
      db.query<{ lane: number; order_id: string; reason: BlockReason }>(
        statements.statement('load-held-orders', [[...input.lanes]]),
      ),
      db.query<{ lane: number; order_id: string }>(
        statements.statement('load-blocked-orders', [[...input.lanes]]),
      ),
    ]);
    const timers = await handler.claimed(input.lanes, db);
    const compared = compare(input, positions.rows);
    if (compared.begin.length > 0) {
      await db.query(
        statements.statement('begin-positions', [
          compared.begin.map(({ lane }) => lane),
          compared.begin.map(({ topic }) => topic),
          compared.begin.map(({ offset }) => offset),
        ]),
      );
    }
    return {
      lanes: input.lanes.map(number => ({
        number,
        epoch: epochs.get(number)!,
        next: compared.next.get(number)!,
        blocked: new Map([
          ...held.rows.filter(row => row.lane === number).map(row => [row.order_id, row.reason] as const),
          ...dead.rows
            .filter(row => row.lane === number)
            .map(row => [row.order_id, 'behind-poison'] as const),
        ]),
      })),
      unsent: unsent.rows,
      timers,
      refused: compared.refused,
      alarms: compared.alarms,
    };
  });
}

/** In a claim nothing is given up for the session's lock timeout: the predecessor's transaction has to end first. */
async function inTransaction<T>(db: Queries, work: () => Promise<T>): Promise<T> {
  await db.query({ text: 'BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0' });
  try {
    const result = await work();
    await db.query({ text: 'COMMIT' });
    return result;
  } catch (error) {
    await db.query({ text: 'ROLLBACK' });
    throw error;
  }
}

/** Holds the database's positions against both ends of each partition. */
function compare(
  { lanes, topics, bounds }: ClaimInput,
  positions: readonly { lane: number; topic: string; next_offset: number }[],
) {
  const known = new Map(positions.map(row => [`${row.topic}/${row.lane}`, row.next_offset]));
  const next = new Map<number, Map<string, number>>();
  const begin: { lane: number; topic: string; offset: number }[] = [];
  const refused = new Map<number, string>();
  const alarms: string[] = [];
  for (const lane of lanes) {
    const offsets = new Map<string, number>();
    next.set(lane, offsets);
    for (const topic of topics) {
      const { start, end } = bounds.get(`${topic}/${lane}`) ?? { start: 0, end: 0 };
      const position = known.get(`${topic}/${lane}`);
      if (position === undefined) {
        begin.push({ lane, topic, offset: start });
        offsets.set(topic, start);
      } else if (position > end) {
        alarms.push(
          `${topic} partition ${lane} ends at ${end}, but ${position} was handled: the log lost its tail; it is read again from ${start}`,
        );
        begin.push({ lane, topic, offset: start });
        offsets.set(topic, start);
      } else {
        if (position < start) {
          refused.set(
            lane,
            `${topic} partition ${lane} begins at ${start}, but the next to handle is ${position}: messages are lost`,
          );
        }
        offsets.set(topic, position);
      }
    }
  }
  return { next, begin, refused, alarms };
}
