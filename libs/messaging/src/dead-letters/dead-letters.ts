import type {
  DeadLetterAction,
  DeadLettersQuery,
  DeadLetterSummary,
  DeadLetterView,
} from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { decode } from '../envelope.js';
import { type Timeliness, untimely } from '../lanes/untimely.js';
import type { Message } from '../message.js';
import { statements } from '../storage/statements.js';

/** What an operator wants done with a dead letter. */
export interface OperatorAction {
  readonly action: 'replay' | 'discard';
  readonly operator: string;
  readonly reason: string;
  readonly forced: boolean;
}

/** Dead letters of this service's database: looked at, and what operators want done with them written down. */
export class DeadLetters {
  constructor(
    private readonly database: Queries,
    private readonly timeliness: Timeliness,
  ) {}

  /** Those before this id, newest first. */
  async list(before: number, query: DeadLettersQuery): Promise<DeadLetterSummary[]> {
    const { status, topic, type, orderId, olderThanSeconds, youngerThanSeconds, limit } = query;
    const filters = [
      status === 'any' ? null : status,
      topic,
      type,
      orderId,
      olderThanSeconds,
      youngerThanSeconds,
    ];
    const { rows } = await this.database.query<SummaryRow>(
      statements.statement('list-dead-letters', [before, ...filters.map(value => value ?? null), limit]),
    );
    return rows.map(summaryOf);
  }

  async find(id: number): Promise<DeadLetterView | undefined> {
    const { rows } = await this.database.query<LetterRow>(statements.statement('show-dead-letter', [id]));
    return rows.map(row => viewOf(row, this.timeliness))[0];
  }

  /** Writes it down, for the lane's owner to do; does nothing when something was asked for already. */
  async request(id: number, { action, operator, reason, forced }: OperatorAction): Promise<void> {
    await this.database.query(
      statements.statement('request-operator-action', [id, action, operator, reason, forced]),
    );
  }
}

interface SummaryRow {
  readonly id: number;
  readonly status: DeadLetterSummary['status'];
  readonly topic: string;
  readonly lane: number;
  readonly topic_offset: number | null;
  readonly type: string | null;
  readonly order_id: string | null;
  readonly message_id: string | null;
  readonly error: string;
  readonly blocks: boolean;
  readonly dead_at: Date;
  readonly settled_at: Date | null;
  readonly replay_of: number | null;
  /** Null, and so are the others, where nothing was asked for. */
  readonly action: DeadLetterAction['action'] | null;
  readonly operator: string;
  readonly reason: string;
  readonly forced: boolean;
  readonly requested_at: Date;
  readonly done_at: Date | null;
}

interface LetterRow extends SummaryRow {
  readonly stack: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly waiting_behind: number;
}

function summaryOf(row: SummaryRow): DeadLetterSummary {
  return {
    id: row.id,
    status: row.status,
    topic: row.topic,
    partition: row.lane,
    offset: row.topic_offset,
    type: row.type,
    orderId: row.order_id,
    messageId: row.message_id,
    error: row.error,
    blocks: row.blocks,
    deadAt: row.dead_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
    replayOf: row.replay_of,
    action: actionOf(row),
  };
}

function actionOf({
  action,
  operator,
  reason,
  forced,
  requested_at,
  done_at,
}: SummaryRow): DeadLetterAction | null {
  if (action === null) return null;
  return {
    action,
    operator,
    reason,
    forced,
    requestedAt: requested_at.toISOString(),
    doneAt: done_at?.toISOString() ?? null,
  };
}

function viewOf(row: LetterRow, timeliness: Timeliness): DeadLetterView {
  const { message, undecodable } = decoded(row);
  const headers = Object.entries(row.headers).map(([name, value]) => [
    name,
    bytes(Buffer.from(value, 'base64')),
  ]);
  return {
    ...summaryOf(row),
    stack: row.stack,
    key: row.key && bytes(row.key),
    value: row.value && bytes(row.value),
    headers: Object.fromEntries(headers) as DeadLetterView['headers'],
    message,
    replayRefused: undecodable,
    // The inbox marked it when it died: what came within the horizon was not handled before.
    forceNeeded: message && untimely(message.time, row.dead_at, timeliness),
    waitingBehind: row.waiting_behind,
  };
}

/** A timer and what a process submits to itself have no message, and can be replayed all the same. */
function decoded({ key, value, topic }: LetterRow): { message: Message | null; undecodable: string | null } {
  if (value === null && (topic === 'timer' || topic === 'submitted'))
    return { message: null, undecodable: null };
  try {
    return { message: decode(key, value), undecodable: null };
  } catch (error) {
    return { message: null, undecodable: (error as Error).message };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytes(buffer: Buffer): { encoding: 'utf8' | 'base64'; data: string } {
  try {
    return { encoding: 'utf8', data: utf8.decode(buffer) };
  } catch {
    return { encoding: 'base64', data: buffer.toString('base64') };
  }
}
