import { topicEnds } from '@ballast/messaging';
import { openPool, type Pool } from '@ballast/platform';
import { readdirSync, readFileSync } from 'node:fs';

export interface MeteredProcess {
  readonly name: string;
  readonly pid: number;
  /** Without its descendants: the client's are the stack. */
  readonly alone?: boolean;
  /** Descendants that are not to be counted. */
  readonly without?: ReadonlySet<number>;
}

/** What is metered: processes by name (with all their descendants), databases, and topics. */
export interface Metered {
  readonly processes: readonly MeteredProcess[];
  readonly databaseUrls: readonly string[];
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
}

export interface Reading {
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly transactions: number;
  readonly messages: number;
}

/** Reads CPU time, committed transactions and messages written so far; two readings make a measurement. */
export class Meter {
  readonly #pools: readonly Pool[];

  constructor(private readonly metered: Metered) {
    this.#pools = metered.databaseUrls.map(url => openPool({ url, applicationName: 'meter', max: 1 }));
  }

  async read(): Promise<Reading> {
    const cpuMs = this.cpuMs();
    const [transactions, ends] = await Promise.all([
      Promise.all(this.#pools.map(committed)),
      topicEnds(this.metered.brokers, this.metered.topics),
    ]);
    return {
      cpuMs,
      transactions: transactions.reduce((sum, count) => sum + count, 0),
      messages: [...ends.values()].flat().reduce((sum, { end }) => sum + end, 0),
    };
  }

  /** Of each process that runs. */
  cpuMs(): ReadonlyMap<string, number> {
    return new Map(
      this.metered.processes
        .map(({ name, pid, alone = false, without }) => [name, cpuMsOf(pid, alone, without)] as const)
        .filter(([, ms]) => ms !== null),
    ) as Map<string, number>;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map(pool => pool.end()));
  }
}

async function committed(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    text: 'SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()',
  });
  return rows[0]!.count;
}

/** User and system time of a process and its descendants, in milliseconds; null where there is no /proc. */
function cpuMsOf(pid: number, alone: boolean, without?: ReadonlySet<number>): number | null {
  try {
    if (alone) return cpuMsIn(pid, ownTimes);
    const children = childrenByParent();
    const sum = (id: number): number =>
      cpuMsIn(id, [...ownTimes, ...reapedTimes]) +
      (children.get(id) ?? [])
        .filter(child => without?.has(child) !== true)
        .reduce((ms, child) => ms + sum(child), 0);
    return sum(pid);
  } catch {
    return null;
  }
}

/** Places of user and system time in /proc/PID/stat (proc(5)), of the process and of children that it has reaped. */
const ownTimes = [11, 12];
const reapedTimes = [13, 14];
const msPerTick = 10;

function cpuMsIn(pid: number, places: readonly number[]): number {
  try {
    const fields = statOf(pid);
    return places.reduce((ticks, place) => ticks + Number(fields[place]), 0) * msPerTick;
  } catch {
    return 0; // it has ended meanwhile
  }
}

/** The fields after the command's name, which may contain anything: [0] is the state, [1] the parent's pid. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = Number(statOf(Number(entry))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // it has ended meanwhile
    }
  }
  return children;
}
