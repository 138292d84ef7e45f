import {
  type Connection,
  createLogger,
  migrate,
  openConnection,
  type Queries,
  sqlStateOf,
} from '@ballast/platform';
import type { HoldPatience } from '@ballast/two-phase';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import type { LaneHandler, Pass, PassResult, Timer, Work } from '../lanes/work.js';
import { HoldHandler } from '../holds/hold-handler.js';
import type { Message } from '../message.js';
import type { Reactions } from '../reactions/reactions.js';
import type { Alarm } from './alarm.js';
import type { ParticipantStorage } from './definition.js';
import { ParticipantHandler } from './handler.js';
import type { OutsideCallWorker } from './outside-calls.js';
import { participantMigrations } from './tables.js';
import { type Ask, type Job, type Line, type Shelf, workshopOf } from './workshop.fixture.js';

/** The workshop's tables, and passes over them as the loop makes them, in a database of the test file's own. */
export class Workshop {
  readonly alarms: Alarm[] = [];
  /** Every statement, in the order of sending. */
  readonly statements: string[] = [];
  demand: ReadonlyMap<string, number> | null = null;
  handler: LaneHandler;

  private constructor(
    readonly database: string,
    readonly url: string,
    readonly connection: Connection,
  ) {
    this.handler = this.handlerWith(null);
  }

  static async open(): Promise<Workshop> {
    const server = process.env['TEST_POSTGRES_URL'];
    if (server === undefined)
      throw new Error('TEST_POSTGRES_URL is not set: Vitest sets it for *.db.test.ts');
    const database = `participant_${randomUUID().replaceAll('-', '')}`;
    await administrate(server, `CREATE DATABASE ${database}`);
    const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
    await migrate({
      url,
      sets: [participantMigrations],
      logger: createLogger({ name: 'test', level: 'warn' }),
    });
    const workshop = new Workshop(database, url, await connect(url));
    await workshop.connection.query({ text: tables });
    return workshop;
  }

  async close(): Promise<void> {
    await this.connection.end();
    await administrate(process.env['TEST_POSTGRES_URL']!, `DROP DATABASE ${this.database}`);
  }

  connect(): Promise<Connection> {
    return connect(this.url);
  }

  handlerWith(
    outsideCalls: OutsideCallWorker | null,
    reactions?: Reactions,
  ): ParticipantHandler<Job, Shelf, Line, Ask> {
    const alarm = (alarm: Alarm) => void this.alarms.push(alarm);
    const participant = workshopOf(this.#storage);
    // A worker that is never reached: tests that have none make no calls.
    const idle = { start: () => undefined, takeOver: () => undefined, drop: () => undefined };
    const worker = outsideCalls ?? (idle as unknown as OutsideCallWorker);
    const handler = new ParticipantHandler(participant, {
      alarm,
      outsideCalls: worker,
      ...(reactions !== undefined && { reactions }),
    });
    this.handler = handler;
    return handler;
  }

  /** Another process takes over, which holds what it takes for a TCC coordinator, and knows what is in the database. */
  async holding(patience?: HoldPatience): Promise<readonly Timer[]> {
    this.handler = new HoldHandler(this.handlerWith(null), workshopOf(this.#storage), patience);
    return this.handler.claimed([lane], this.connection);
  }

  /** One pass, committed; rejects with what the handler rejects with, and nothing is kept then. */
  async pass(
    work: readonly Work[],
    { locks = 'wait', now }: Partial<Pick<Pass, 'locks' | 'now'>> = {},
  ): Promise<PassResult> {
    const db = this.connection;
    this.statements.length = 0;
    this.demand = null;
    await db.query({ text: 'BEGIN' });
    try {
      const { rows } = await db.query<{ now: Date }>({ text: 'SELECT now()' });
      const pass = this.#pass(locks, now ?? rows[0]!.now);
      this.handler.prefetch?.(work, pass.tx);
      const result = await this.handler.process(work, pass);
      const { command } = await db.query({ text: 'COMMIT' });
      if (command !== 'COMMIT') throw new Error(`COMMIT was a ${command}`);
      result.committed?.();
      return result;
    } catch (error) {
      await db.query({ text: 'ROLLBACK' });
      throw error;
    }
  }

  /** What was answered, as `type attempt: outcome`, in order. */
  async answers(...messages: readonly Message[]): Promise<string[]> {
    return told(await this.pass(messages.map(inLane)));
  }

  async rows<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.connection.query<Row>({ text, values })).rows;
  }

  async left(tool: string): Promise<number> {
    return (await this.rows<{ left: number }>('SELECT "left" FROM shelf WHERE tool = $1', [tool]))[0]!.left;
  }

  async barrier(orderId: string): Promise<Record<string, string>> {
    const rows = await this.rows<{ operation: string; state: string }>(
      'SELECT operation, state FROM barrier WHERE order_id = $1',
      [orderId],
    );
    return Object.fromEntries(rows.map(({ operation, state }) => [operation, state]));
  }

  async lines(orderId: string): Promise<string[]> {
    const rows = await this.rows<{ line: string }>('SELECT line FROM line WHERE order_id = $1 ORDER BY seq', [
      orderId,
    ]);
    return rows.map(({ line }) => line);
  }

  #pass(locks: Pass['locks'], now: Date): Pass {
    const db = this.connection;
    const tx: Queries = {
      query: query => {
        this.statements.push(query.text);
        return db.query(query);
      },
    };
    return {
      tx,
      now,
      locks,
      async underLockTimeout(load) {
        await db.query({ text: `SET LOCAL lock_timeout = ${locks === 'wait' ? 50 : 0}` });
        return load();
      },
      async businessSave(save) {
        try {
          await save();
        } catch (error) {
          throw new BusinessSaveFailed(String(sqlStateOf(error)), { cause: error });
        }
      },
    };
  }

  readonly #storage: ParticipantStorage<Job, Shelf, Line> = {
    async loadOwn(tx, orderIds) {
      const { rows } = await tx.query<{ order_id: string; record: Job }>({
        text: 'SELECT order_id, record FROM job WHERE order_id = ANY ($1::uuid[])',
        values: [orderIds],
      });
      return new Map(rows.map(row => [row.order_id, row.record]));
    },
    loadShared: async (tx, demand, locks) => {
      this.demand = new Map([...(this.demand ?? []), ...demand]);
      const values = [[...demand.keys()]];
      const { rows } = await tx.query<{ tool: string; left: number }>({
        text: `SELECT tool, "left" FROM shelf WHERE tool = ANY ($1::text[]) ORDER BY tool
               FOR NO KEY UPDATE ${locks === 'skip' ? 'SKIP LOCKED' : ''}`,
        values,
      });
      const found = new Map(rows.map(({ tool, left }) => [tool, { left }]));
      if (locks === 'wait') return { found, locked: new Set() };
      const existing = await tx.query<{ tool: string }>({
        text: 'SELECT tool FROM shelf WHERE tool = ANY ($1::text[])',
        values,
      });
      return {
        found,
        locked: new Set(existing.rows.map(({ tool }) => tool).filter(tool => !found.has(tool))),
      };
    },
    async save(tx, { own, shared, appended }) {
      await Promise.all([
        tx.query({
          text: `INSERT INTO job SELECT * FROM unnest($1::uuid[], $2::jsonb[])
                 ON CONFLICT (order_id) DO UPDATE SET record = excluded.record`,
          values: [[...own.keys()], [...own.values()].map(record => JSON.stringify(record))],
        }),
        tx.query({
          text: `UPDATE shelf s SET "left" = n."left" FROM unnest($1::text[], $2::int[]) AS n (tool, "left")
                 WHERE s.tool = n.tool`,
          values: [[...shared.keys()], [...shared.values()].map(({ left }) => left)],
        }),
        tx.query({
          text: 'INSERT INTO line (order_id, line) SELECT $1, * FROM unnest($2::text[])',
          values: [[...own.keys()][0], appended],
        }),
      ]);
    },
  };
}

export class BusinessSaveFailed extends Error {}

const tables = `
  CREATE TABLE job (order_id uuid PRIMARY KEY, record jsonb NOT NULL);
  CREATE TABLE shelf (tool text PRIMARY KEY, "left" int NOT NULL CHECK ("left" >= 0));
  CREATE TABLE line (seq bigserial PRIMARY KEY, order_id uuid, line text NOT NULL);
  INSERT INTO shelf VALUES ('hammer', 1000), ('saw', 1000), ('drill', 1), ('cleaning', 0);
`;

export const lane = 3;
export const newOrder = (): string => uuid();

export function messageOf(
  { type }: { type: string },
  orderId: string,
  data: unknown,
  attributes: Partial<Message> = {},
): Message {
  return {
    id: uuid(),
    type,
    source: '/orchestrator',
    time: new Date().toISOString(),
    subject: orderId,
    data,
    sagaid: `saga-${orderId}`,
    step: 'a step',
    attempt: 1,
    ...attributes,
  };
}

export const inLane = (message: Message): Work => ({ kind: 'message', lane, message });

export const told = ({ send }: PassResult): string[] =>
  send.map(({ message }) => {
    const answer = message.data as { outcome: string; code?: string };
    return `${message.type.replace('workshop.', '').replace('.answered', '')} ${message.attempt}: ${answer.code ?? answer.outcome}`;
  });

const connect = (url: string) =>
  openConnection({
    url,
    applicationName: 'test',
    transactionTimeoutMs: 20_000,
    logger: createLogger({ name: 'test', level: 'warn' }),
  });

async function administrate(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
