import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLineOf } from './command-line.js';

/** Who works in a folder: a running process, known by its pid and its command line. */
export interface Owner {
  readonly pid: number;
  readonly commandLine: string;
  /** It has begun to stop: whoever wants the folder may as well wait. */
  readonly stopping?: boolean;
}

export class AlreadyOwned extends Error {
  constructor(readonly owner: Owner) {
    super(`process ${owner.pid} is at work there: ${owner.commandLine}`);
    this.name = 'AlreadyOwned';
  }
}

export interface Lock {
  /** Says that it will be given back soon. */
  stopping(): void;
  giveBack(): void;
}

/**
 * Takes the lock for this process. One that was left by a process that has ended is taken over, and one whose owner is
 * stopping is waited for.
 * @throws AlreadyOwned when its owner is alive
 */
export async function takeLock(file: string, { patienceMs = 30_000 } = {}): Promise<Lock> {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(currentProcess()));
  try {
    for (const begun = performance.now(); !linked(own, file);) {
      const owner = ownerIn(file);
      if (owner === null || !isAlive(owner) || isForgotten(owner, file)) setAside(file, owner);
      else if (owner.stopping && performance.now() - begun < patienceMs) await sleep(50);
      else throw new AlreadyOwned(owner);
    }
  } finally {
    rmSync(own);
  }
  held.add(file);
  return {
    stopping() {
      writeFileSync(own, JSON.stringify({ ...currentProcess(), stopping: true } satisfies Owner));
      renameSync(own, file);
    },
    giveBack() {
      held.delete(file);
      rmSync(file, { force: true });
    },
  };
}

const held = new Set<string>();

/** A predecessor with our pid, as after a container's restart, and not we. */
const isForgotten = ({ pid }: Owner, file: string): boolean => pid === process.pid && !held.has(file);

export const currentProcess = (): Owner => ({
  pid: process.pid,
  commandLine: commandLineOf(process.pid) ?? '',
});

/** Whether the owner still runs: the system may have given its pid to somebody else. */
export const isAlive = ({ pid, commandLine }: Owner): boolean => commandLineOf(pid) === commandLine;

/** Who a lock file names; null when there is none, or when it names nobody. */
export function ownerIn(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** A link appears with its content, and for one of two that try at once. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Removes a dead owner's lock, and nobody else's: another starter may just have taken it. */
function setAside(file: string, dead: Owner | null): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (ownerIn(aside)?.pid !== dead?.pid) linked(aside, file);
  rmSync(aside);
}
