import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/**
 * The ports that are handed out: below those that Linux (32768) and macOS (49152) give to outgoing connections, so that
 * none is taken between being found and being used.
 */
const lowest = 20_000;
const highest = 32_000;

/**
 * Finds free TCP ports of 127.0.0.1, all different, one for each name. The wanted one is taken where it is free, so
 * that addresses stay the same from one start to the next.
 */
export async function findFreePorts<Name extends string>(
  names: readonly Name[],
  { wanted, random = Math.random }: { wanted?: Readonly<Record<string, number>>; random?: () => number } = {},
): Promise<Record<Name, number>> {
  const held: Server[] = [];
  try {
    const ports: Partial<Record<Name, number>> = {};
    for (const name of names) ports[name] = await holdPort(wanted?.[name], random, held);
    return ports as Record<Name, number>;
  } finally {
    await Promise.all(held.map(server => new Promise(resolve => server.close(resolve))));
  }
}

/** The ports of the start before, as far as they are free; a name that it did not know gets the wanted one, or any. */
export async function keepPorts(
  file: string,
  names: readonly string[],
  wanted: Readonly<Record<string, number>> = {},
): Promise<Record<string, number>> {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const ports = await findFreePorts(names, { wanted: { ...wanted, ...before } });
  writeFileSync(file, JSON.stringify({ ...before, ...ports }, null, 2));
  return ports;
}

/** Ports stay held until all are found: the same one is not found twice. */
async function holdPort(wanted: number | undefined, random: () => number, held: Server[]): Promise<number> {
  let port = wanted;
  for (let tries = 0; port === undefined || !(await tryToHold(port, held)); tries++) {
    if (tries > 1_000) throw new Error(`found no free port between ${lowest} and ${highest}`);
    port = lowest + Math.floor(random() * (highest - lowest));
  }
  return port;
}

function tryToHold(port: number, held: Server[]): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      held.push(server);
      resolve(true);
    });
  });
}
