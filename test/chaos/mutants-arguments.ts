import { fileOrNone } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';
import { type Mutant, mutants } from './mutant-list.js';

export interface MutantsArguments {
  /** Whether the product as it is runs, too. */
  readonly withControl: boolean;
  readonly chosen: readonly Mutant[];
  readonly json: string | null;
}

export const usage = `npm run test:mutants -- [--only WORD] [--json FILE]
  --only  the mutants whose name contains the word; "control" is the product as it is
  --json  writes { control, mutants: [{ name, caughtBy, violated }] } to this file too`;

/** Reads the command line. @throws with a line that says what is wrong */
export function mutantsArguments(args: string[]): MutantsArguments {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string', default: '' }, json: { type: 'string' } },
  });
  const { only } = values;
  const withControl = 'control'.includes(only);
  const chosen = mutants.filter(({ name }) => name.includes(only));
  // A run of nothing would pass.
  if (!withControl && chosen.length === 0) {
    const names = ['control', ...mutants.map(({ name }) => name)].map(name => `"${name}"`);
    throw new Error(`--only: no mutant's name contains "${only}"; there are ${names.join(', ')}`);
  }
  return { withControl, chosen, json: fileOrNone('json', values.json) };
}
