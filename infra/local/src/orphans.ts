import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLineOf } from './command-line.js';

/** What a pid file says about a program that was started. */
export interface PidRecord {
  readonly pid: number;
  readonly name: string;
  /** A part of its command line that no other program has: the system may have given the pid to somebody else. */
  readonly marker: string;
  /** The signal that ends it in good order. */
  readonly stopSignal: NodeJS.Signals;
}

/** What the others work on: they end last. */
const servers = new Set(['kafka', 'postgres']);

/**
 * Ends what a start that was killed has left running: the programs that have a pid file in this folder, and whose
 * command line still is what we started. Returns their names.
 */
export async function endOrphans(
  pidDirectory: string,
  { deadlineMs = 10_000 }: { deadlineMs?: number } = {},
): Promise<string[]> {
  const orphans = recordsIn(pidDirectory).filter(isRunning);
  await Promise.all(orphans.filter(({ name }) => !servers.has(name)).map(orphan => end(orphan, deadlineMs)));
  await Promise.all(orphans.filter(({ name }) => servers.has(name)).map(orphan => end(orphan, deadlineMs)));
  rmSync(pidDirectory, { recursive: true, force: true });
  return orphans.map(({ name }) => name).sort();
}

function recordsIn(directory: string): PidRecord[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap(file => {
    try {
      const record = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Partial<PidRecord>;
      const { pid, name, marker, stopSignal } = record;
      // An empty marker would be part of every command line.
      return Number.isInteger(pid) && name && marker && stopSignal ? [record as PidRecord] : [];
    } catch {
      // Cut short by the kill: what it would have named cannot be told from a stranger.
      return [];
    }
  });
}

const isRunning = ({ pid, marker }: PidRecord): boolean => commandLineOf(pid)?.includes(marker) ?? false;

async function end(orphan: PidRecord, deadlineMs: number): Promise<void> {
  for (const signal of [orphan.stopSignal, 'SIGKILL'] as const) {
    send(orphan.pid, signal);
    // A stopped process does not even see the signal.
    send(orphan.pid, 'SIGCONT');
    for (const start = performance.now(); performance.now() - start < deadlineMs; await sleep(20)) {
      if (!isRunning(orphan)) return;
    }
  }
  throw new Error(`${orphan.name} (pid ${orphan.pid}), left by an earlier start, could not be ended`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
