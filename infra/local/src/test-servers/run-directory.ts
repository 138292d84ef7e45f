import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endOrphans } from '../orphans.js';
import { currentProcess, isAlive, ownerIn } from '../owner.js';
import { stateDirectory } from '../places.js';
import { postgresDirectory } from '../postgres/postgres.js';

/** A folder for the servers or the stack of one test run, after those of runs that were killed are cleared away. */
export async function newRunDirectory(): Promise<string> {
  const runs = join(stateDirectory, 'test-runs');
  mkdirSync(runs, { recursive: true });
  for (const name of readdirSync(runs)) await removeIfDead(join(runs, name));
  const directory = mkdtempSync(join(runs, 'run-'));
  writeFileSync(join(directory, 'owner.json'), JSON.stringify(currentProcess()));
  return directory;
}

export function removeRunDirectory(directory: string): void {
  rmSync(postgresDirectory(join(directory, 'postgres')), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

async function removeIfDead(directory: string): Promise<void> {
  const owner = ownerIn(join(directory, 'owner.json'));
  // Without an owner it is being made just now.
  if (owner === null || isAlive(owner)) return;
  await endOrphans(join(directory, 'pids'));
  removeRunDirectory(directory);
}
