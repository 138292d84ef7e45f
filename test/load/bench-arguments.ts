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

const usage = `npm run bench -- [--in-flight 64,512] [--through http,batch] [--batch-max 500] [--seconds 15] [--rate R] [--json FILE]
  --in-flight  orders under way at any time, one run each; with --rate: how many there may be at most
  --through    http: one POST each; batch: POST /orders/batch, as a partner's import would
  --batch-max  messages per pass (transaction) of the services; 1 is a transaction per message
  --rate       an open loop: so many orders per second, whatever became of those before`;

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
        'in-flight': { type: 'string', default: '64,512' },
        through: { type: 'string', default: 'http,batch' },
        'batch-max': { type: 'string', default: '500' },
        seconds: { type: 'string', default: '15' },
        rate: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      inFlight: list(values['in-flight'], positive),
      through: list(values.through, oneOf(['http', 'batch'] as const)),
      batchMax: list(values['batch-max'], positive),
      seconds: positive(values.seconds),
      rate: values.rate === undefined ? null : positive(values.rate),
      json: values.json ?? null,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

const list = <T>(text: string, parse: (part: string) => T): T[] => text.split(',').map(parse);

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is not a whole number of 1 or more`);
  return value;
}

const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find(value => value === text);
    if (found === undefined) throw new Error(`"${text}" is none of ${allowed.join(', ')}`);
    return found;
  };
