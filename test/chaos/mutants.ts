import { newRunDirectory, removeRunDirectory } from '@ballast/local';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { judge, type Judgement } from '../invariants/judge.js';
import { reportOf } from '../invariants/report.js';
import type { Fault } from './faults.js';
import { Customer, fillShop } from './mixed-orders.js';
import { control, mutants } from './mutant-list.js';
import { mutatedTree, type Patch } from './mutated-tree.js';

const usage = `npm run test:mutants -- [--only WORD] [--json FILE]
  --only  the mutants whose name contains the word; "control" is the product as it is
  --json  writes { control, mutants: [{ name, caughtBy, violated }] } to this file too`;

interface Run {
  readonly replicas: number;
  readonly patches: readonly Patch[];
  readonly faults: readonly Fault[];
  /** How long an order may keep a fault waiting: a mutant's may never end. */
  readonly patienceMs: number;
}

/** A step gives up after some seven seconds, so that a fault need not last longer. */
const environment = { LOG_LEVEL: 'warn', STEP_TIMEOUT_MS: '2000', ORDER_TIMEOUT_MS: '40000' };

const { only, json } = parsedArguments();
const chosen = (name: string) => only === undefined || name.includes(only);
let failed = false;

let controlVerdict: Judgement['verdict'] | null = null;
if (chosen('control')) {
  const judgement = await run({ replicas: 2, patches: [], faults: control, patienceMs: 90_000 });
  controlVerdict = judgement.verdict;
  failed ||= controlVerdict !== 'valid';
  process.stdout.write(`control: the product as it is, under all faults\n${reportOf(judgement)}\n\n`);
}
const results = [];
for (const { name, patches, fault, caughtBy, replicas = 1 } of mutants.filter(mutant =>
  chosen(mutant.name),
)) {
  const { invariants } = await run({ replicas, patches, faults: [fault], patienceMs: 30_000 });
  const violated = invariants.filter(({ verdict }) => verdict === 'violated');
  const catcher = violated.find(invariant => invariant.name === caughtBy);
  failed ||= catcher === undefined;
  results.push({
    name,
    caughtBy: catcher?.name ?? null,
    violated: violated.map(invariant => invariant.name),
  });
  const first = catcher?.violations[0];
  process.stdout.write(
    [
      `${catcher === undefined ? '✘ NOT CAUGHT' : '✔ caught'}: ${name}`,
      `    by: ${catcher?.name ?? `nothing; wanted: ${caughtBy}`}`,
      ...(first === undefined
        ? []
        : [`    ${catcher!.evidence['violations']} violations, as of ${first.orderId}: ${first.what}`]),
      ...violated.filter(other => other !== catcher).map(other => `    also: ${other.name}`),
      '',
    ].join('\n'),
  );
}
process.stdout.write(
  `${results.filter(({ caughtBy }) => caughtBy !== null).length} of ${results.length} mutants caught\n`,
);
if (json !== undefined) {
  const file = resolve(process.env['BALLAST_CALLED_FROM'] ?? '.', json);
  writeFileSync(file, `${JSON.stringify({ control: controlVerdict, mutants: results }, null, 2)}\n`);
}
process.exit(failed ? 1 : 0);

/** Starts the changed product, lets the faults loose on it, and judges what is left. */
async function run({ replicas, patches, faults, patienceMs }: Run): Promise<Judgement> {
  const directory = await newRunDirectory();
  try {
    const tree = join(directory, 'tree');
    mutatedTree(tree, patches);
    // The copy's own starter: it starts what lies beside it.
    const entry = pathToFileURL(join(tree, 'infra/local/dist/index.js')).href;
    const { startStack } = (await import(entry)) as typeof import('@ballast/local');
    const stack = await startStack({
      directory,
      replicas,
      durable: false,
      outside: { databaseUrls: {} },
      environment,
    });
    const customer = new Customer(stack);
    try {
      await fillShop(stack);
      let injected = 0;
      for (const fault of faults) {
        process.stderr.write(`${fault.name}\n`);
        injected += await fault({ stack, customer, patienceMs }).catch((error: Error) => {
          process.stderr.write(`${fault.name}: ${error.message}\n`);
          return 0;
        });
      }
      const { acknowledged } = customer;
      const limits = { settleWithinMs: patienceMs / 3 };
      return await judge(stack, { acknowledged, faults: injected, limits });
    } finally {
      await customer.close();
      await stack.stop();
    }
  } finally {
    removeRunDirectory(directory);
  }
}

function parsedArguments(): { only?: string | undefined; json?: string | undefined } {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ args, options: { only: { type: 'string' }, json: { type: 'string' } } }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return process.exit(2);
  }
}
