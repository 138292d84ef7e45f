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

/** A seed is 32 bits to fast-check: a larger one would be another run than its number says. */
const seedMax = 2 ** 32 - 1;

const mutants = [...new Set(Object.values(mutantsOf).flat())];

const usage = `npm run simulate -- [--protocol all] [--seeds 10000 | --seed S | --explore [--states-max N]] [--mutant M]
  --protocol    all, or some of: ${protocols.join(', ')}
  --seeds       so many runs, from seed 1 on; each is a shop, its orders, and what happens to them
  --seed        one seed again, exactly as it was: 0 to ${seedMax}
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
    return argumentsIn(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

/** @throws with a line that says what is wrong */
export function argumentsIn(args: readonly string[]): SimulationArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      protocol: { type: 'string', default: 'all' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      explore: { type: 'boolean', default: false },
      'states-max': { type: 'string' },
      mutant: { type: 'string' },
    },
  });
  const { seed, seeds = '10000', explore, 'states-max': statesMax = '1000000' } = values;
  // An empty one was said as well.
  const exclusive = (['seeds', 'seed', 'explore'] as const).filter(name => (values[name] ?? false) !== false);
  if (exclusive.length > 1) throw new Error(`--${exclusive.join(' and --')} exclude each other`);
  if (values['states-max'] !== undefined && !explore) throw new Error('--states-max is for --explore');
  const mutant = values.mutant === undefined ? null : oneOf(mutants, values.mutant);
  return {
    protocols: protocolsOf(values.protocol, mutant),
    firstSeed: seed === undefined ? 1 : whole('seed', seed, 0, seedMax),
    seeds: seed === undefined ? whole('seeds', seeds, 1, seedMax) : 1,
    explore,
    statesMax: whole('states-max', statesMax, 1, Number.MAX_SAFE_INTEGER),
    mutant,
  };
}

/** Those that were asked for and can be made into the mutant. */
function protocolsOf(names: string, mutant: Mutant | null): Protocol[] {
  const asked = names === 'all' ? protocols : names.split(',').map(name => oneOf(protocols, name));
  const mutable = asked.filter(protocol => mutant === null || mutantsOf[protocol].includes(mutant));
  // A run of nothing would pass.
  if (mutable.length === 0) throw new Error(`"${mutant}" is no mistake that ${names} can have`);
  return mutable;
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`--${name}: a whole number from ${min} to ${max}, not "${text}"`);
}

function oneOf<T extends string>(allowed: readonly T[], text: string): T {
  const found = allowed.find(value => value === text);
  if (found === undefined) throw new Error(`"${text}" is none of ${allowed.join(', ')}`);
  return found;
}
