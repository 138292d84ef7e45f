import { allTopics } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { type Connection, openConnection } from '@ballast/platform';
import { Meter } from '../load/meter.js';
import type { Spent } from './figures.js';

/**
 * What a stack has spent so far. All of it is exact at the time of reading: positions in Kafka's and PostgreSQL's logs,
 * the next transaction id (a transaction that only reads has none), and the processes' CPU time.
 */
export class Counters {
  /** Of processes that were killed. */
  #deadCpuMs = 0;

  private constructor(
    private readonly stack: Stack,
    private readonly database: Connection,
    private readonly notCounted: ReadonlySet<number>,
  ) {}

  /** @param observers database processes that are not to be counted */
  static async open(stack: Stack, observers: ReadonlySet<number>): Promise<Counters> {
    const database = await openConnection({
      url: stack.databaseUrls.order,
      applicationName: 'compare',
      transactionTimeoutMs: 60_000,
    });
    const { rows } = await database.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
    return new Counters(stack, database, new Set([...observers, rows[0]!.pid]));
  }

  async read(): Promise<Spent> {
    const meter = this.#meter(this.stack.processes);
    const [{ cpuMs, messages }, { rows }] = await Promise.all([
      meter.read(),
      this.database.query<{ transactions: string; walBytes: string }>({ text: logs }),
    ]);
    return {
      messages,
      transactions: Number(rows[0]!.transactions),
      walBytes: Number(rows[0]!.walBytes),
      cpuMs: this.#deadCpuMs + sumOf(cpuMs),
    };
  }

  /** A process is going to be killed: what it has spent is kept. */
  remember(name: string): void {
    const meter = this.#meter(this.stack.processes.filter(process => process.name === name));
    this.#deadCpuMs += sumOf(meter.cpuMs());
  }

  async close(): Promise<void> {
    await this.database.end();
  }

  #meter(processes: Stack['processes']): Meter {
    return new Meter({
      processes: processes.map(process => ({ ...process, without: this.notCounted })),
      databaseUrls: [],
      brokers: this.stack.brokers,
      topics: allTopics,
    });
  }
}

export function difference(before: Spent, after: Spent): Spent {
  return {
    messages: after.messages - before.messages,
    transactions: after.transactions - before.transactions,
    walBytes: after.walBytes - before.walBytes,
    cpuMs: after.cpuMs - before.cpuMs,
  };
}

const sumOf = (values: ReadonlyMap<string, number>): number =>
  [...values.values()].reduce((sum, value) => sum + value, 0);

const logs = `
  SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS transactions,
         (pg_current_wal_insert_lsn() - '0/0')::text AS "walBytes"`;
