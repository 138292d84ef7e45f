import type { Protocol } from '@ballast/contracts';
import { fileOrNone, wholeNumber } from '@ballast/local/arguments';
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

export const usage = `npm run chaos -- [--orders 10000] [--protocol all] [--in-flight 300] [--replicas 1] [--kill-every-ms 3000] [--servers] [--seed 1] [--json FILE]
  --protocol       orchestrated, choreographed, tcc, two-phase, or all in turn
  --kill-every-ms  SIGKILL to a random process of ours about so often; it is started again at once
  --servers        kills Kafka and PostgreSQL, too
  --json           writes { seed, protocols, orders, seconds, kills, check } to this file too`;

/** Reads the command line. @throws with a line that says what is wrong */
export function stormArguments(args: string[]): StormArguments {
  const { values } = parseArgs({
    args,
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
    orders: wholeNumber('orders', values.orders),
    protocols: protocolsNamed(values.protocol),
    inFlight: wholeNumber('in-flight', values['in-flight']),
    replicas: wholeNumber('replicas', values.replicas),
    killEveryMs: wholeNumber('kill-every-ms', values['kill-every-ms']),
    servers: values.servers,
    seed: wholeNumber('seed', values.seed),
    json: fileOrNone('json', values.json),
  };
}
