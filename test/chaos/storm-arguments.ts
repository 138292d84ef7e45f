import type { Protocol } from '@ballast/contracts';
import { parseArgs } from 'node:util';
import { protocolsNamed } from './chosen-protocols.js';

export interface StormArguments {
  readonly orders: number;
  /** Under which they are placed, in turn. */
  readonly protocols: readonly Protocol[];
  readonly inFlight: number;
  readonly replicas: number;
  /** On average. */
  readonly killEveryMs: number;
  /** Whether Kafka and PostgreSQL are killed, too. */
  readonly servers: boolean;
  readonly seed: number;
  readonly json: string | null;
}

const usage = `npm run chaos -- [--orders 10000] [--protocol all] [--in-flight 300] [--replicas 1] [--kill-every-ms 3000] [--servers] [--seed 1] [--json FILE]
  --protocol       orchestrated, choreographed, tcc, two-phase, or all in turn
  --kill-every-ms  SIGKILL to a random process of ours about so often; it is started again at once
  --servers        kills Kafka and PostgreSQL, too
  --json           writes { seed, protocols, orders, seconds, kills, check } to this file too`;

/** Reads the command line; says what is wrong with it and exits with code 2. */
export function stormArguments(args: readonly string[]): StormArguments {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '10000' },
        protocol: { type: 'string', default: 'all' },
        'in-flight': { type: 'string', default: '300' },
        replicas: { type: 'string', default: '1' },
        'kill-every-ms': { type: 'string', default: '3000' },
        servers: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        json: { type: 'string' },
      },
    });
    return {
      orders: positive(values.orders),
      protocols: protocolsNamed(values.protocol),
      inFlight: positive(values['in-flight']),
      replicas: positive(values.replicas),
      killEveryMs: positive(values['kill-every-ms']),
      servers: values.servers,
      seed: positive(values.seed),
      json: values.json ?? null,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return process.exit(2);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is not a whole number of 1 or more`);
  return value;
}
