import { messagingMigrations } from '@ballast/messaging';
import type { MigrationSet } from '@ballast/platform';
import { databaseForTest, type TestDatabase } from '@ballast/testkit';
import type { ServiceName } from '@ballast/contracts';
import { serviceNames } from '@ballast/contracts';
import { afterAll } from 'vitest';
import { defaultLimits, type Limits } from '../limits.js';
import { Snapshot } from '../reading/snapshot.js';
import type { TopicLog } from '../reading/topic-log.js';
import { type Judged, Notes, type Rule } from '../rule.js';

const migrationsOf = (service: string): MigrationSet => ({
  table: `migrations_${service}`,
  directory: new URL(`../../../services/${service}/src/storage/migrations/`, import.meta.url),
});

/** A database of this test file's own, with the tables of a service and those of the transport. */
export const databaseOf = (service?: 'order' | 'inventory' | 'payment' | 'shipping'): Promise<TestDatabase> =>
  databaseForTest({ sets: [messagingMigrations, ...(service === undefined ? [] : [migrationsOf(service)])] });

/** What a rule has against a database, which stands for those of all services. */
export async function complaintsAbout(
  rule: Rule,
  database: TestDatabase,
  about: {
    readonly topics?: TopicLog;
    readonly poison?: readonly string[];
    readonly limits?: Partial<Limits>;
  } = {},
): Promise<string[]> {
  const snapshot = await Snapshot.open(database.url);
  try {
    const databases = Object.fromEntries(serviceNames.map(service => [service, snapshot]));
    const judged: Judged = {
      databases: databases as Record<ServiceName, Snapshot>,
      topics: about.topics as TopicLog,
      limits: { ...defaultLimits, ...about.limits },
      expected: { acknowledged: [], poison: new Set(about.poison), faults: 0 },
    };
    const notes = new Notes();
    await rule.whole!(judged, notes);
    return notes.violations.map(({ orderId, what }) => `${orderId ?? 'all'}: ${what}`);
  } finally {
    await snapshot.close();
  }
}

/** Closes it after the last test. */
export function closedAfterwards(log: TopicLog): TopicLog {
  afterAll(() => log.close());
  return log;
}
