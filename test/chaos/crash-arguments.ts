import type { Protocol } from '@ballast/contracts';
import { fileOrNone, wholeNumber } from '@ballast/local/arguments';
import { parseArgs } from 'node:util';
import { protocolsNamed } from './chosen-protocols.js';
import { type CrashPoint, crashPoints } from './crash-points.js';

export interface CrashArguments {
  readonly points: readonly CrashPoint[];
  /** Placed around each crash. */
  readonly orders: number;
  readonly protocols: readonly Protocol[];
  readonly json: string | null;
}

export const usage = `npm run test:crash -- [--only WORD] [--orders 100] [--protocol all] [--json FILE]
  --only      the crash points whose service or moment contains the word
  --orders    placed around each crash
  --protocol  under which they are placed: orchestrated, choreographed, tcc, two-phase, or all in turn
  --json      writes { crashes: [{ service, moment, orders, inFlight, restartMs, endedMs }], check } to this file too`;

/** Reads the command line. @throws with a line that says what is wrong */
export function crashArguments(args: string[]): CrashArguments {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: '' },
      orders: { type: 'string', default: '100' },
      protocol: { type: 'string', default: 'all' },
      json: { type: 'string' },
    },
  });
  const protocols = protocolsNamed(values.protocol);
  return {
    points: pointsNamed(values.only, crashPoints(protocols)),
    orders: wholeNumber('orders', values.orders),
    protocols,
    json: fileOrNone('json', values.json),
  };
}

function pointsNamed(word: string, points: readonly CrashPoint[]): CrashPoint[] {
  const named = points.filter(({ service, moment }) => `${service} ${moment}`.includes(word));
  if (named.length > 0) return named;
  const services = new Set(points.map(({ service }) => service));
  const moments = new Set(points.map(({ moment }) => moment));
  throw new Error(
    `--only: no crash point contains "${word}"; the services are ${[...services].join(', ')}, the moments ${[...moments].join(', ')}`,
  );
}
