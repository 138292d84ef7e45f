import { fileOrNone, oneOf, pathFrom, wholeNumber } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { type Faults, faultsFrom } from './faults.js';

export interface CompareArguments {
  readonly orders: number;
  readonly seed: number;
  readonly skew: Skew;
  readonly inFlight: number;
  readonly faults: Faults;
  /** Absolute paths. */
  readonly json: string | null;
  readonly html: string | null;
}

/** How often each article is ordered: all alike, or the n-th most popular one n times less often than the first. */
export type Skew = 'none' | 'zipf';

export const usage = `npm run compare -- [--orders 2000] [--seed 1] [--skew zipf] [--in-flight 64] [--faults FILE] [--json FILE] [--html FILE]
  --orders     the same so many orders go through each protocol, in turns
  --seed       which orders
  --skew       zipf: a few articles are in most of the orders; none: all alike
  --in-flight  orders under way at any time
  --faults     JSON: { "parties": { "carrier": { "rules": [...] } }, "kills": [{ "process": "orchestrator", "everyOrders": 500, "downMs": 1000 }] };
               test/compare/faults.example.json is one
  --json       writes { protocols: { <name>: figures }, check } to this file
  --html       writes a page with the figures and charts to this file
Exit code: what \`npm run check\` says of the shop in the end; 0 valid, 1 invalid, 2 unknown.`;

/** @throws with a line that says what is wrong */
export function compareArguments(args: string[]): CompareArguments {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      skew: { type: 'string', default: 'none' },
      'in-flight': { type: 'string', default: '64' },
      faults: { type: 'string' },
      json: { type: 'string' },
      html: { type: 'string' },
    },
  });
  return {
    orders: wholeNumber('orders', values.orders, 1_000_000),
    seed: wholeNumber('seed', values.seed, 2 ** 32 - 1),
    skew: oneOf('skew', ['none', 'zipf'], values.skew),
    inFlight: wholeNumber('in-flight', values['in-flight'], 5_000),
    faults: values.faults === undefined ? faultsFrom({}) : faultsIn(pathFrom(values.faults)),
    json: fileOrNone('json', values.json),
    html: fileOrNone('html', values.html),
  };
}

function faultsIn(file: string): Faults {
  try {
    return faultsFrom(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(`--faults ${file}: ${(error as Error).message}`, { cause: error });
  }
}
