import { parseArgs } from 'node:util';
import { fileOrNone, wholeNumber } from './arguments.js';

export interface StartArguments {
  /** Stop after the summary. */
  readonly once: boolean;
  /** Where the summary is written as JSON: an absolute path. */
  readonly json: string | null;
  readonly replicas: number;
}

export const usage = `npm start -- [--once] [--json FILE] [--replicas N]
  --once      stops after the summary: exit code 0 if all is as it has to be, 1 if not
  --json      writes the summary to this file too
  --replicas  processes of each service, 1 by default`;

/** @throws with a line that says what is wrong */
export function startArguments(args: string[]): StartArguments {
  const { values } = parseArgs({
    args,
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'string' },
      replicas: { type: 'string', default: '1' },
    },
  });
  return {
    once: values.once,
    json: fileOrNone('json', values.json),
    replicas: wholeNumber('replicas', values.replicas, 16),
  };
}
