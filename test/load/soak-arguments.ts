import { fileOrNone, oneOf, wholeNumber } from '@ballast/local/arguments';
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
export function soakArguments(args: string[]): SoakArguments {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: '200000' },
      'in-flight': { type: 'string', default: '512' },
      through: { type: 'string', default: 'batch' },
      json: { type: 'string' },
    },
  });
  return {
    orders: wholeNumber('orders', values.orders),
    inFlight: wholeNumber('in-flight', values['in-flight']),
    through: oneOf('through', ['http', 'batch'], values.through),
    json: fileOrNone('json', values.json),
  };
}
