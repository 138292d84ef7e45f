import { fileOrNone, listOf, oneOf, wholeNumber } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly inFlight: readonly number[];
  readonly through: readonly ('http' | 'batch')[];
  /** How many messages a pass of the services may handle, for each stack that is started. */
  readonly batchMax: readonly number[];
  readonly seconds: number;
  /** Orders per second of an open loop; null for a closed one. */
  readonly rate: number | null;
  readonly json: string | null;
}

export const usage = `npm run bench -- [--in-flight 64,512] [--through http,batch] [--batch-max 500] [--seconds 15] [--rate R] [--json FILE]
  --in-flight  orders under way at any time, one run each; with --rate: how many there may be at most
  --through    http: one POST each; batch: POST /orders/batch, as a partner's import would
  --batch-max  messages per pass (transaction) of the services; 1 is a transaction per message
  --rate       an open loop: so many orders per second, whatever became of those before`;

/** Reads the command line. @throws with a line that says what is wrong */
export function benchArguments(args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      'in-flight': { type: 'string', default: '64,512' },
      through: { type: 'string', default: 'http,batch' },
      'batch-max': { type: 'string', default: '500' },
      seconds: { type: 'string', default: '15' },
      rate: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return {
    inFlight: listOf(values['in-flight'], text => wholeNumber('in-flight', text)),
    through: listOf(values.through, text => oneOf('through', ['http', 'batch'], text)),
    batchMax: listOf(values['batch-max'], text => wholeNumber('batch-max', text)),
    seconds: wholeNumber('seconds', values.seconds),
    rate: values.rate === undefined ? null : wholeNumber('rate', values.rate),
    json: fileOrNone('json', values.json),
  };
}
