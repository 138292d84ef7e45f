import { fileOrNone, wholeNumber } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly rounds: number;
  /** Per contestant and round. */
  readonly calls: number;
  readonly heapCalls: number;
  readonly json: string | null;
}

export const usage = `npm run bench:resilience -- [--rounds 11] [--calls 50000] [--heap-calls 10000000] [--json FILE]
  --rounds      how often each is measured, in turn; the median counts
  --calls       calls per round, of each
  --heap-calls  calls after which the heap is compared`;

/** Reads the command line. @throws with a line that says what is wrong */
export function benchArguments(args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '11' },
      calls: { type: 'string', default: '50000' },
      'heap-calls': { type: 'string', default: '10000000' },
      json: { type: 'string' },
    },
  });
  return {
    rounds: wholeNumber('rounds', values.rounds),
    calls: wholeNumber('calls', values.calls),
    heapCalls: wholeNumber('heap-calls', values['heap-calls']),
    json: fileOrNone('json', values.json),
  };
}
