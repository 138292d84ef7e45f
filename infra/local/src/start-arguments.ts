import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

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

/**
 * @param calledFrom where relative paths begin
 * @throws with a line that says what is wrong
 */
export function startArguments(args: readonly string[], calledFrom: string): StartArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'string' },
      replicas: { type: 'string', default: '1' },
    },
  });
  const json = values.json === undefined ? null : resolve(calledFrom, values.json);
  if (json !== null && !existsSync(dirname(json)))
    throw new Error(`--json: there is no folder ${dirname(json)}`);
  const replicas = Number(values.replicas);
  if (!/^\d+$/.test(values.replicas) || replicas < 1 || replicas > 16) {
    throw new Error(`--replicas: a number from 1 to 16, not ${values.replicas}`);
  }
  return { once: values.once, json, replicas };
}
