import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endOrphans } from './orphans.js';
import { AlreadyOwned, takeLock } from './owner.js';
import { stateDirectory } from './places.js';
import { postgresDirectory } from './postgres/postgres.js';

/** Not made by a start: fetched, and the same for every one. */
const kept = new Set(['kafka-libraries', 'test-runs', 'preparing.pid']);

try {
  const lock = await takeLock(join(stateDirectory, 'lock.json'));
  const ended = await endOrphans(join(stateDirectory, 'pids'));
  if (ended.length > 0) console.log(`Ended what an earlier start had left running: ${ended.join(', ')}`);
  rmSync(postgresDirectory(join(stateDirectory, 'postgres')), { recursive: true, force: true });
  for (const name of readdirSync(stateDirectory)) {
    if (!kept.has(name)) rmSync(join(stateDirectory, name), { recursive: true, force: true });
  }
  lock.giveBack();
  console.log('The databases, topics, passwords and logs are gone: the next start begins anew.');
} catch (error) {
  if (!(error instanceof AlreadyOwned)) throw error;
  console.error(`It is running, as process ${error.owner.pid}: stop it first.`);
  process.exitCode = 1;
}
