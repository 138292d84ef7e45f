import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/**
 * The ports that are handed out: below those that Linux (32768) and macOS (49152) give to outgoing connections, so that
 * none is taken between being found and being used.
 */
const lowest = 20_000;
const highest = 32_000;

/** Ports that nothing listens on yet, kept from other starts on this machine until they are released. */
export interface Reservation<Name extends string = string> {
  readonly ports: Record<Name, number>;
  /** To be called when something listens on them. */
  readonly release: () => Promise<void>;
}

interface Choice {
  readonly wanted?: Readonly<Record<string, number>>;
  readonly random?: () => number;
}

/**
 * Finds free TCP ports of 127.0.0.1, all different, one for each name. The wanted one is taken where it is free, so
 * that addresses stay the same from one start to the next.
 */
export async function reservePorts<Name extends string>(
  names: readonly Name[],
  { wanted, random = Math.random }: Choice = {},
): Promise<Reservation<Name>> {
  const held: HeldPort[] = [];
  const release = () => closeAll(held.map(({ sign }) => sign));
  try {
    const ports: Partial<Record<Name, number>> = {};
    for (const name of names) ports[name] = await holdPort(wanted?.[name], random, held);
    return { ports: ports as Record<Name, number>, release };
  } catch (error) {
    await release();
    throw error;
  } finally {
    await closeAll(held.map(({ place }) => place));
  }
}

/** Ports as `reservePorts` finds them, for whoever takes them at once. */
export async function findFreePorts<Name extends string>(
  names: readonly Name[],
  choice: Choice = {},
): Promise<Record<Name, number>> {
  const { ports, release } = await reservePorts(names, choice);
  await release();
  return ports;
}

/** The ports of the start before, as far as they are free; a name that it did not know gets the wanted one, or any. */
export async function keepPorts(
  file: string,
  names: readonly string[],
  wanted: Readonly<Record<string, number>> = {},
): Promise<Reservation> {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const reservation = await reservePorts(names, { wanted: { ...wanted, ...before } });
  writeFileSync(file, JSON.stringify({ ...before, ...reservation.ports }, null, 2));
  return reservation;
}

interface HeldPort {
  /** Held while the others are looked for: the same one is not found twice. */
  readonly place: Server;
  /**
   * Whoever starts beside us looks for free ports seconds before its services listen, and would find ours. Both see who
   * listens on the same port of another of the machine's own addresses, which nothing of ours uses; and when we die, it
   * is gone.
   */
  readonly sign: Server;
}

/** macOS has only the first of the addresses that begin with 127; there it is IPv6's. */
const addressesOfSigns = ['127.0.0.2', '::1'];

async function holdPort(wanted: number | undefined, random: () => number, held: HeldPort[]): Promise<number> {
  let port = wanted;
  for (let tries = 0; port === undefined || !(await tryToHold(port, held)); tries++) {
    if (tries > 1_000) throw new Error(`found no free port between ${lowest} and ${highest}`);
    port = lowest + Math.floor(random() * (highest - lowest));
  }
  return port;
}

async function tryToHold(port: number, held: HeldPort[]): Promise<boolean> {
  const place = await listenOn('127.0.0.1', port);
  if (typeof place === 'string') return false;
  for (const address of addressesOfSigns) {
    const sign = await listenOn(address, port);
    if (sign === 'EADDRNOTAVAIL' || sign === 'EAFNOSUPPORT') continue;
    if (typeof sign === 'string') break;
    held.push({ place, sign });
    return true;
  }
  await closeAll([place]);
  return false;
}

/** The server, or the code of the error. */
function listenOn(host: string, port: number): Promise<Server | string> {
  const server = createServer(socket => socket.destroy());
  return new Promise(resolve => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

const closeAll = async (servers: readonly Server[]): Promise<void> => {
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
};
