import { serviceNames, type ServiceName } from '@ballast/contracts';

/** Servers that somebody else runs, named in the environment. What is absent is started here. */
export interface OutsideServers {
  /** KAFKA_BROKERS. */
  readonly brokers?: string;
  /** ORDER_DATABASE_URL, INVENTORY_DATABASE_URL and so on, by service. */
  readonly databaseUrls: Readonly<Partial<Record<ServiceName, string>>>;
}

export function outsideServers(env: NodeJS.ProcessEnv): OutsideServers {
  const databaseUrls: Partial<Record<ServiceName, string>> = {};
  for (const service of serviceNames) {
    const url = env[`${service.toUpperCase()}_DATABASE_URL`];
    if (url) databaseUrls[service] = url;
  }
  return { ...(env['KAFKA_BROKERS'] && { brokers: env['KAFKA_BROKERS'] }), databaseUrls };
}
