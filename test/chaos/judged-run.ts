import { newRunDirectory, removeRunDirectory } from '@ballast/local';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { judge, type Judgement } from '../invariants/judge.js';
import { crashEnvironment } from './crash-points.js';
import type { Fault } from './faults.js';
import { Customer, fillShop } from './mixed-orders.js';
import { mutatedTree, type Patch } from './mutated-tree.js';

/** One product, as it is or changed, under faults. */
export interface Run {
  readonly replicas: number;
  readonly patches: readonly Patch[];
  readonly faults: readonly Fault[];
  /** How long an order may keep a fault waiting: a mutant's may never end. */
  readonly patienceMs: number;
}

/** A step gives up after some seven seconds, so that a fault need not last longer. */
const environment = { LOG_LEVEL: 'warn', STEP_TIMEOUT_MS: '2000', ORDER_TIMEOUT_MS: '40000' };

export interface JudgedRun {
  readonly judgement: Judgement;
  /** Faults that did not come to their end, such as orders that never ended. */
  readonly problems: readonly string[];
}

/** Starts the changed product, lets the faults loose on it, and judges what is left. */
export async function judgedRun({ replicas, patches, faults, patienceMs }: Run): Promise<JudgedRun> {
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
      environment: { ...environment, ...crashEnvironment(directory) },
    });
    const customer = new Customer(stack);
    try {
      await fillShop(stack);
      const problems: string[] = [];
      let injected = 0;
      for (const fault of faults) {
        process.stderr.write(`${fault.name}\n`);
        injected += await fault({ stack, customer, patienceMs }).catch((error: Error) => {
          problems.push(`${fault.name}: ${error.message}`);
          return 0;
        });
      }
      const { acknowledged } = customer;
      const limits = { settleWithinMs: patienceMs / 3, endsWithinMs: patienceMs, faultsMin: 1 };
      return { judgement: await judge(stack, { acknowledged, faults: injected, limits }), problems };
    } finally {
      await customer.close();
      await stack.stop();
    }
  } finally {
    removeRunDirectory(directory);
  }
}
