import { serviceNames, type ServiceName } from '@ballast/contracts';
import { join } from 'node:path';
import { cloneRoot, stateDirectory } from './places.js';

export const partyNames = ['card-gateway', 'carrier'] as const;
export type PartyName = (typeof partyNames)[number];

/** One process of ours: a service's replica, or a simulated party. */
export interface Member {
  /** `order`, and `order-2` for its second replica. */
  readonly name: string;
  readonly of: ServiceName | PartyName;
}

/** How many processes there are of each service: the same number of all, or one where nothing is said. */
export type Replicas = number | Readonly<Partial<Record<ServiceName, number>>>;

export const isParty = ({ of }: Member): boolean => (partyNames as readonly string[]).includes(of);

/** Every process of a stack. Simulated parties keep their memory to themselves: there is one of each. */
export function membersOf(replicas: Replicas): Member[] {
  const replicasOf = (of: ServiceName): Member[] => {
    const length = typeof replicas === 'number' ? replicas : (replicas[of] ?? 1);
    return Array.from({ length }, (_, index) => ({ of, name: index === 0 ? of : `${of}-${index + 1}` }));
  };
  return [...partyNames.map(name => ({ of: name, name })), ...serviceNames.flatMap(replicasOf)];
}

/** Those that listen to operators. */
const withOperators: readonly Member['of'][] = ['orchestrator', 'order'];

/** The ports that a member listens on, by name: a second one is the operators'. */
export const portsOf = ({ name, of }: Member): string[] =>
  withOperators.includes(of) ? [name, operationsPortOf(name)] : [name];

export const operationsPortOf = (member: string): string => `${member}-operations`;

/** The compiled file that a member runs. */
export function entryOf({ of }: Member): string {
  if (of === 'orchestrator') return join(cloneRoot, 'orchestrator/dist/main.js');
  const folder = isParty({ name: of, of }) ? `infra/simulators/dist/${of}.js` : `services/${of}/dist/main.js`;
  return join(cloneRoot, folder);
}

/** What all members of a stack have in common. */
export interface Surroundings {
  readonly directory: string;
  readonly brokers: string;
  readonly databaseUrls: Readonly<Partial<Record<ServiceName, string>>>;
  readonly ports: Readonly<Record<string, number>>;
  /** Settings for every service, over those of our own environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A member's configuration, as environment variables. */
export function environmentOf(member: Member, surroundings: Surroundings): NodeJS.ProcessEnv {
  const { directory, brokers, databaseUrls, ports, environment } = surroundings;
  const own = {
    // Compiled code is kept: a fifth less work at each start but the first.
    NODE_COMPILE_CACHE: join(stateDirectory, 'compile-cache'),
    ...process.env,
    ...environment,
    HOST: '127.0.0.1',
    PORT: String(ports[member.name]),
  };
  if (isParty(member)) return { ...own, JOURNAL_FILE: join(directory, 'journals', `${member.name}.jsonl`) };
  return {
    ...own,
    KAFKA_BROKERS: brokers,
    DATABASE_URL: databaseUrls[member.of as ServiceName],
    INVENTORY_URL: urlOf('inventory', ports),
    CARD_GATEWAY_URL: urlOf('card-gateway', ports),
    CARRIER_URL: urlOf('carrier', ports),
    ...(withOperators.includes(member.of) && {
      OPERATIONS_PORT: String(ports[operationsPortOf(member.name)]),
    }),
  };
}

export const urlOf = (name: string, ports: Readonly<Record<string, number>>): string =>
  `http://127.0.0.1:${ports[name]}`;

/**
 * Resolves whether the process says that it can do its work; one that does not answer cannot. Neither can one in whose
 * place another process answers, which had the port before it.
 */
export async function isReady(url: string, pid: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const { details } = (await response.json()) as { details?: { process?: { pid?: number } } };
    return response.ok && details?.process?.pid === pid;
  } catch {
    return false;
  }
}
