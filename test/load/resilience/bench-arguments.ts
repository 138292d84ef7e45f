import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly rounds: number;
  /** Per contestant and round. */
  readonly calls: number;
  readonly heapCalls: number;
  readonly json: string | null;
}

const usage = `npm run bench:resilience -- [--rounds 11] [--calls 50000] [--heap-calls 10000000] [--json FILE]
  --rounds      how often each is measured, in turn; the median counts
  --calls       calls per round, of each
  --heap-calls  calls after which the heap is compared`;

/** Reads the command line; says what is wrong with it and exits with code 2. */
export function benchArguments(args: readonly string[]): BenchArguments {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '11' },
        calls: { type: 'string', default: '50000' },
        'heap-calls': { type: 'string', default: '10000000' },
        json: { type: 'string' },
      },
    });
    return {
      rounds: positive(values.rounds),
      calls: positive(values.calls),
      heapCalls: positive(values['heap-calls']),
      json: values.json ?? null,
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
