import { type Connection, createLogger, openConnection, openPool, type Pool } from '@ballast/platform';
import { type BranchOrder, gidOf } from '@ballast/two-phase';
import { v7 as uuid } from 'uuid';
import { afterAll } from 'vitest';
import type { LaneHandler, Pass, PassResult, Work } from '../lanes/work.js';
import type { Message } from '../message.js';
import { ParticipantHandler } from '../participant/handler.js';
import { participantMigrations } from '../participant/tables.js';
import { ownDatabase } from '../storage/own-database.fixture.js';
import { messagingMigrations } from '../storage/statements.js';
import { BranchBook } from './branch-book.js';
import { cinema, evening, storage } from './cinema.fixture.js';
import { BranchHandler } from './handler.js';
import { LookOut } from './look-out.js';
import { branchWorkOf } from './work.js';
import { BranchWorker } from './worker.js';

const lane = 2;
const logger = createLogger({ name: 'test', level: 'silent' });
type Submitted = Work & { kind: 'submitted' };

/**
 * The cinema's database, and replicas that share its one lane: each is a handler with its worker, whose passes the test
 * makes one by one. A replica is told nothing when another claims the lane.
 */
export async function cinemaForTest() {
  const database = await ownDatabase([messagingMigrations, participantMigrations]);
  await database.rows('CREATE TABLE seat (seat text PRIMARY KEY, taken_by uuid)');
  await database.rows('CREATE TABLE visit (order_id uuid PRIMARY KEY, seat text NOT NULL)');
  await database.rows("INSERT INTO lane VALUES ($1, 0, 'nobody')", [lane]);
  const replicas: Replica[] = [];
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    for (const { gid } of await database.rows<{ gid: string }>(
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
    ))
      await database.rows(`ROLLBACK PREPARED '${gid}'`);
  });
  return {
    database,
    /** A new replica, which claims the lane. Its patience is longer than a lock is held in a test, on any machine. */
    async replica(patienceMs?: number): Promise<Replica> {
      const replica = await Replica.open(database.url, patienceMs);
      replicas.push(replica);
      await replica.claim();
      return replica;
    },
    async seat(): Promise<string> {
      const seat = uuid();
      await database.rows('INSERT INTO seat VALUES ($1)', [seat]);
      return seat;
    },
    async takenBy(seat: string): Promise<string | null> {
      const rows = await database.rows<{ taken_by: string | null }>(
        'SELECT taken_by FROM seat WHERE seat = $1',
        [seat],
      );
      return rows[0]!.taken_by;
    },
    gidOf: (orderId: string) => gidOf({ orderId, name: 'cinema' }, new URL(database.url).pathname.slice(1)),
    async prepared(): Promise<string[]> {
      const rows = await database.rows<{ gid: string }>(
        'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
      );
      return rows.map(({ gid }) => gid);
    },
    async state(orderId: string): Promise<string | undefined> {
      const rows = await database.rows<{ state: string }>('SELECT state FROM branch WHERE order_id = $1', [
        orderId,
      ]);
      return rows[0]?.state;
    },
    async marker(orderId: string): Promise<string | undefined> {
      const rows = await database.rows<{ outcome: string }>(
        'SELECT outcome FROM branch_marker WHERE order_id = $1',
        [orderId],
      );
      return rows[0]?.outcome;
    },
  };
}

export type Cinema = Awaited<ReturnType<typeof cinemaForTest>>;

export class Replica {
  /** What its worker has submitted, and no pass has taken. */
  readonly submitted: Submitted[] = [];
  #epoch = -1;
  #closed = false;

  private constructor(
    readonly handler: LaneHandler,
    readonly lookOut: LookOut,
    readonly book: BranchBook,
    private readonly worker: BranchWorker,
    private readonly connection: Connection,
    private readonly pools: readonly Pool[],
  ) {}

  static async open(url: string, patienceMs = 20_000): Promise<Replica> {
    const pools = ['preparing', 'ending'].map(applicationName =>
      openPool({ url, applicationName, max: 4, logger }),
    );
    const [preparing, ending] = pools as [Pool, Pool];
    const participant = cinema(storage);
    const work = branchWorkOf(participant, [evening]);
    const submit = (item: Submitted): boolean => {
      replica.submitted.push(item);
      return true;
    };
    const worker = new BranchWorker({
      work,
      preparing,
      ending,
      sink: { submit },
      logger,
      preparingMax: 4,
      endingMax: 3,
      lockTimeoutMs: 100,
      patienceMs,
      pauseMs: 10,
    });
    const lookOut = new LookOut({
      name: 'cinema',
      database: ending,
      worker,
      laneOf: () => lane,
      logger,
      decisionsMs: 20,
      lookMs: 50,
    });
    const book = new BranchBook('cinema', ending);
    const others = new ParticipantHandler(participant, { alarm: () => undefined });
    // Nobody asks in a test that does not say so, however long it takes.
    const patience = { askAfterMs: 60_000, askAgainMs: 60_000 };
    const handler = new BranchHandler(others, { work, worker, lookOut, logger, patience });
    const connection = await openConnection({
      url,
      applicationName: 'passes',
      transactionTimeoutMs: 20_000,
      logger,
    });
    const replica: Replica = new Replica(handler, lookOut, book, worker, connection, pools);
    return replica;
  }

  /** Raises the epoch, and reads what there is to go on with. */
  async claim(): Promise<void> {
    this.handler.dropped([lane]);
    this.submitted.length = 0;
    const { rows } = await this.connection.query<{ epoch: number }>({
      text: 'UPDATE lane SET epoch = epoch + 1 WHERE lane = $1 RETURNING epoch',
      values: [lane],
    });
    this.#epoch = rows[0]!.epoch;
    await this.handler.claimed([lane], this.connection);
  }

  /** What the next pass of the lane sends: of these messages, or of what was submitted. */
  async pass(...messages: Message[]): Promise<PassResult> {
    const work: Work[] = messages.map(message => ({ kind: 'message', lane, message }));
    return this.#pass(work);
  }

  async timer(orderId: string): Promise<PassResult> {
    return this.#pass([{ kind: 'timer', lane, orderId }]);
  }

  /** Waits for what the worker submits about the order, and takes it. */
  async report(order: string, withinMs = 20_000): Promise<PassResult> {
    for (const begun = performance.now(); ; await new Promise(resolve => setTimeout(resolve, 5))) {
      const at = this.submitted.findIndex(({ orderId }) => orderId === order);
      if (at >= 0) return this.#pass(this.submitted.splice(at, 1));
      if (performance.now() - begun > withinMs) throw new Error('nothing was submitted');
    }
  }

  /** Takes what is submitted about the order until something of it is told. */
  async tells(order: string): Promise<PassResult> {
    for (;;) {
      const result = await this.report(order);
      if (result.send.length > 0) return result;
    }
  }

  async answers(order: string): Promise<string[]> {
    return told(await this.tells(order));
  }

  /** As when the process dies: what is under way in the database goes on, and nobody hears of it. */
  die(): void {
    this.handler.dropped([lane]);
    this.submitted.length = 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.lookOut.stop();
    await this.worker.close();
    await this.connection.end();
    for (const pool of this.pools) await pool.end();
  }

  async #pass(work: readonly Work[]): Promise<PassResult> {
    const db = this.connection;
    await db.query({ text: 'BEGIN' });
    try {
      const { rows } = await db.query<{ now: Date }>({
        text: 'SELECT now() FROM lane WHERE lane = $1 AND epoch = $2 FOR NO KEY UPDATE',
        values: [lane, this.#epoch],
      });
      if (rows.length === 0) throw new Error('fenced');
      const pass: Pass = {
        tx: db,
        now: rows[0]!.now,
        locks: 'wait',
        underLockTimeout: load => load(),
        businessSave: save => save(),
      };
      this.handler.prefetch?.(work, db);
      const result = await this.handler.process(work, pass);
      await db.query({ text: 'COMMIT' });
      result.committed?.();
      return result;
    } catch (error) {
      await db.query({ text: 'ROLLBACK' });
      throw error;
    }
  }
}

const [branch] = evening.branches as [(typeof evening.branches)[number]];

const messageOf = (type: string, orderId: string, data: unknown, attempt: number): Message => ({
  id: uuid(),
  type,
  source: '/orchestrator',
  time: new Date().toISOString(),
  subject: orderId,
  data,
  step: 'cinema',
  attempt,
});

export const prepare = (orderId: string, seat: string, attempt = 1): Message => {
  const order: BranchOrder = { definition: 'evening', version: 1, input: { seat } };
  return messageOf(branch.prepare.type, orderId, order, attempt);
};
export const commit = (orderId: string, attempt = 1): Message =>
  messageOf(branch.commit.type, orderId, {}, attempt);
export const abort = (orderId: string, attempt = 1): Message =>
  messageOf(branch.abort.type, orderId, {}, attempt);

/** What was sent, as `operation attempt: outcome`. */
export const told = ({ send }: PassResult): string[] =>
  send.map(({ message: { type, attempt, data } }) => {
    if (type === 'orchestrator.ask') return 'ask';
    const operation = Object.entries({ prepare: 'prepare-branch', commit: 'commit-branch' }).find(
      ([, name]) => type.includes(name),
    );
    const { outcome, code } = data as { outcome: string; code?: string };
    return `${operation?.[0] ?? 'abort'} ${attempt}: ${code ?? outcome}`;
  });
