import { serviceNames, type ServiceName } from '@ballast/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outsideServers, type OutsideServers } from './environment.js';
import { startDirectory } from './places.js';
import { databaseUrl } from './postgres/databases.js';
import { superuserUrl } from './postgres/postgres.js';

/** Where the servers of a stack are, for who looks at it from outside. They need not run. */
export interface StackAddresses {
  readonly directory: string;
  readonly brokers: readonly string[];
  readonly databaseUrls: Readonly<Record<ServiceName, string>>;
  readonly topicPrefix: string;
}

/** The servers of the newest start in a folder, or those that the environment names; null when nothing was started. */
export function addressesOfLastStart(
  directory: string = startDirectory(),
  env: NodeJS.ProcessEnv = process.env,
  outside: OutsideServers = outsideServers(env),
): StackAddresses | null {
  const [ports, secrets] = ['ports.json', 'secrets.json'].map(name => readJson(join(directory, name)));
  const broker = outside.brokers ?? (ports?.['kafka'] && `127.0.0.1:${ports['kafka']}`);
  const urls = serviceNames.map(service => {
    const own = ports?.['postgres'] && secrets?.[service];
    // The superuser's URL is only where the server is: the service's name and password replace those in it.
    const url = own ? databaseUrl(superuserUrl(Number(ports['postgres']), ''), service, String(own)) : null;
    return [service, outside.databaseUrls[service] ?? url] as const;
  });
  if (!broker || urls.some(([, url]) => url === null)) return null;
  return {
    directory,
    brokers: broker.split(','),
    databaseUrls: Object.fromEntries(urls) as Record<ServiceName, string>,
    topicPrefix: env['TOPIC_PREFIX'] ?? '',
  };
}

function readJson(file: string): Record<string, string | number> | null {
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | number>)
    : null;
}
