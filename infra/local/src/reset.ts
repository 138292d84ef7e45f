import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { commandArguments } from './arguments.js';
import { endOrphans } from './orphans.js';
import { AlreadyOwned, takeLock } from './owner.js';
import { startDirectory } from './places.js';
import { postgresDirectory } from './postgres/postgres.js';

const usage = `npm run reset
Deletes the databases, topics, passwords and logs of every start. It takes no arguments.
BALLAST_DIRECTORY names the stack's folder, if it is not .local.`;

/** Not made by a start: fetched, and the same for every one; or somebody's who is at work. */
const kept = new Set(['kafka-libraries', 'test-runs', 'test-reports', 'preparing.pid']);

// Whoever asks for something else does not want everything deleted.
commandArguments(usage, args => parseArgs({ args, options: {} }));
try {
  const top = startDirectory();
  // The bench keeps its own in a folder below.
  const below = existsSync(top) ? readdirSync(top).map(name => join(top, name)) : [];
  for (const directory of [...below, top]) {
    if (existsSync(join(directory, 'pids')) || existsSync(join(directory, 'ports.json')))
      await clear(directory);
  }
  console.log('The databases, topics, passwords and logs are gone: the next start begins anew.');
} catch (error) {
  if (!(error instanceof AlreadyOwned)) throw error;
  console.error(`Something of it is running, as process ${error.owner.pid}: stop that first.`);
  process.exitCode = 1;
}

/** @throws AlreadyOwned when a stack runs there; then nothing is touched */
async function clear(directory: string): Promise<void> {
  const lock = await takeLock(join(directory, 'lock.json'));
  const ended = await endOrphans(join(directory, 'pids'));
  if (ended.length > 0) console.log(`Ended what an earlier start had left running: ${ended.join(', ')}`);
  rmSync(postgresDirectory(join(directory, 'postgres')), { recursive: true, force: true });
  for (const name of readdirSync(directory)) {
    if (!kept.has(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
  lock.giveBack();
}
