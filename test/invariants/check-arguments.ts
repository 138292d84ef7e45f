import { fileOrNone } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';
import { defaultLimits, type Limits } from './limits.js';

export interface CheckArguments {
  /** Where the judgement is written as JSON: an absolute path. */
  readonly json: string | null;
  readonly limits: Limits;
}

export const usage = `npm run check -- [--json FILE] [limits]
  --json            writes the judgement to this file too
  --completed-min   orders that must have been completed for a verdict, ${defaultLimits.completedMin} by default
  --cancelled-min   orders that must have been cancelled, ${defaultLimits.cancelledMin} by default
  --undone-min      steps that must have been undone, ${defaultLimits.undoneMin} by default
  --ends-within     seconds after which an order that has not ended yet counts as stuck, ${defaultLimits.endsWithinMs / 1_000} by default;
                    one that has ended is not judged by how long it took: an outage may be in it
  --settle-within   seconds to wait until nothing is on its way any more, ${defaultLimits.settleWithinMs / 1_000} by default
Exit code: 0 valid, 1 invalid, 2 unknown. BALLAST_DIRECTORY names the stack's folder, if it is not .local.`;

/** @throws with a line that says what is wrong */
export function checkArguments(args: string[]): CheckArguments {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'string' },
      'completed-min': { type: 'string' },
      'cancelled-min': { type: 'string' },
      'undone-min': { type: 'string' },
      'ends-within': { type: 'string' },
      'settle-within': { type: 'string' },
    },
  });
  const number = (name: Exclude<keyof typeof values, 'json'>, otherwise: number, unit = 1): number => {
    const text = values[name];
    if (text === undefined) return otherwise;
    if (!/^\d+$/.test(text)) throw new Error(`--${name}: a whole number, not ${text}`);
    return Number(text) * unit;
  };
  return {
    json: fileOrNone('json', values.json),
    limits: {
      ...defaultLimits,
      completedMin: number('completed-min', defaultLimits.completedMin),
      cancelledMin: number('cancelled-min', defaultLimits.cancelledMin),
      undoneMin: number('undone-min', defaultLimits.undoneMin),
      endsWithinMs: number('ends-within', defaultLimits.endsWithinMs, 1_000),
      settleWithinMs: number('settle-within', defaultLimits.settleWithinMs, 1_000),
    },
  };
}
