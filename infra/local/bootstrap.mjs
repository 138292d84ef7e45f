// Runs on the machine's own Node, before anything is installed: plain JavaScript, without dependencies.
// `node infra/local/bootstrap.mjs <command> [arguments]` makes sure that everything the command needs is there, then
// runs it with the project's own Node. package.json has a script for each command.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, projectNode } from './bootstrap/dependencies.mjs';
import { withPreparationLock } from './bootstrap/lock.mjs';
import { missingPrerequisites } from './bootstrap/prerequisites.mjs';
import { runQuietly, runInstead } from './bootstrap/run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** `kafka`: whether it starts a Kafka of its own even when KAFKA_BROKERS names one. */
const commands = {
  start: { entry: 'infra/local/dist/start.js', needs: 'kafka, unless KAFKA_BROKERS is set', built: true },
  bench: { entry: 'test/dist/load/bench.js', needs: 'kafka, unless KAFKA_BROKERS is set', built: true },
  check: { entry: 'test/dist/invariants/check.js', needs: 'nothing', built: true },
  chaos: { entry: 'test/dist/chaos/storm.js', needs: 'kafka', built: true },
  crash: { entry: 'test/dist/chaos/crash-matrix.js', needs: 'kafka', built: true },
  mutants: { entry: 'test/dist/chaos/mutants.js', needs: 'kafka', built: true },
  'bench:resilience': { entry: 'test/dist/load/resilience/bench.js', needs: 'nothing', built: true },
  'demo:resilience': { entry: 'test/dist/load/resilience/demo.js', needs: 'kafka', built: true },
  soak: { entry: 'test/dist/load/soak.js', needs: 'kafka, unless KAFKA_BROKERS is set', built: true },
  'dead-letters': { entry: 'infra/local/dist/dead-letters.js', needs: 'nothing', built: true },
  compare: { entry: 'test/dist/compare/compare.js', needs: 'kafka', built: true },
  simulate: { entry: 'test/simulation/dist/simulate.js', needs: 'nothing', built: true },
  test: { entry: 'infra/local/verify.mjs', needs: 'kafka', built: false },
  reset: { entry: 'infra/local/dist/reset.js', needs: 'nothing', built: true },
};

const startedAt = Date.now();
const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  fail(`Usage: node infra/local/bootstrap.mjs <${Object.keys(commands).join('|')}> [arguments]`);
}
const kafka = command.needs === 'kafka' || (command.needs !== 'nothing' && !process.env.KAFKA_BROKERS);
const missing = missingPrerequisites({ kafka });
if (missing !== null) fail(missing);

if (name === 'reset' && args.length === 0 && !existsSync(join(root, '.local'))) {
  console.log('There is nothing to reset.');
  process.exit(0);
}

try {
  await withPreparationLock(root, async () => {
    await installDependencies(root);
    if (command.built) await build();
  });
} catch (error) {
  fail(error.message);
}
await runInstead(projectNode(root), [join(root, command.entry), ...args], {
  cwd: root,
  env: { ...environment(), BALLAST_STARTED_AT: String(startedAt), BALLAST_CALLED_FROM: calledFrom() },
});

/** Incremental: nothing to do takes half a second. */
async function build() {
  const tsc = join(root, 'node_modules/.bin/tsc');
  await runQuietly('Building', tsc, ['-b', root], { cwd: root, env: environment() });
}

/** The project's own programs come first, its Node among them. */
function environment() {
  return { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}` };
}

/** Where relative paths in the arguments begin: npm runs scripts in the project's folder, and says where it was called. */
function calledFrom() {
  const byOurNpm = process.env.npm_package_json === join(root, 'package.json');
  return (byOurNpm && process.env.INIT_CWD) || process.cwd();
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
