import { parseArgs } from 'node:util';

export interface SoakArguments {
  readonly orders: number;
  readonly inFlight: number;
  readonly through: 'http' | 'batch';
  readonly json: string | null;
}

export const usage = `npm run soak -- [--orders 200000] [--in-flight 512] [--through batch] [--json FILE]
  --orders     how many orders go through the shop
  --in-flight  orders under way at any time
  --through    http: one POST each; batch: POST /orders/batch, as a partner's import would
  --json       writes the samples and the verdict to this file too
Exit code 0: tables and throughput stay flat after the first fifth; 1: they do not, or the run was too short to tell.`;

/** @throws with a line that says what is wrong */
export function soakArguments(args: readonly string[]): SoakArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      orders: { type: 'string', default: '200000' },
      'in-flight': { type: 'string', default: '512' },
      through: { type: 'string', default: 'batch' },
      json: { type: 'string' },
    },
  });
  const { through } = values;
  if (through !== 'http' && through !== 'batch') throw new Error(`--through: http or batch, not ${through}`);
  return {
    orders: whole('orders', values.orders),
    inFlight: whole('in-flight', values['in-flight']),
    through,
    json: values.json ?? null,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${name}: a whole number of 1 or more, not ${text}`);
}
