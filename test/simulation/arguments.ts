import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './world/mutants.js';
import { type Protocol, protocols } from './world/plan.js';

export interface SimulationArguments {
  readonly protocols: readonly Protocol[];
  readonly firstSeed: number;
  readonly seeds: number;
  /** Every interleaving within small bounds, instead of seeds. */
  readonly explore: boolean;
  readonly statesMax: number;
  readonly mutant: Mutant | null;
}

const mutants = [...new Set(Object.values(mutantsOf).flat())];

const usage = `npm run simulate -- [--protocol all] [--seeds 10000 | --seed S | --explore [--states-max N]] [--mutant M]
  --protocol    all, or some of: ${protocols.join(', ')}
  --seeds       so many runs, from seed 1 on; each is a shop, its orders, and what happens to them
  --seed        one seed again, exactly as it was
  --explore     every interleaving of one order with up to two crashes and one duplicate, instead of seeds
  --states-max  gives up an exploration after so many states (1000000)
  --mutant      with a mistake built in: ${mutants.join(', ')}`;

/** Reads the command line; says what is wrong with it and exits with code 2. */
export function simulationArguments(args: readonly string[]): SimulationArguments {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        protocol: { type: 'string', default: 'all' },
        seeds: { type: 'string', default: '10000' },
        seed: { type: 'string' },
        explore: { type: 'boolean', default: false },
        'states-max': { type: 'string', default: '1000000' },
        mutant: { type: 'string' },
      },
    });
    const mutant = values.mutant === undefined ? null : oneOf(mutants, values.mutant);
    const asked =
      values.protocol === 'all' ? protocols : values.protocol.split(',').map(name => oneOf(protocols, name));
    return {
      protocols: asked.filter(protocol => mutant === null || mutantsOf[protocol].includes(mutant)),
      firstSeed: values.seed === undefined ? 1 : positive(values.seed),
      seeds: values.seed === undefined ? positive(values.seeds) : 1,
      explore: values.explore,
      statesMax: positive(values['states-max']),
      mutant,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is not a whole number of 1 or more`);
  return value;
}

function oneOf<T extends string>(allowed: readonly T[], text: string): T {
  const found = allowed.find(value => value === text);
  if (found === undefined) throw new Error(`"${text}" is none of ${allowed.join(', ')}`);
  return found;
}
