import { sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import Postgrator from 'postgrator';
import type { Logger } from '../logging/logger.js';
import { isPassingDatabaseError } from './errors.js';

export interface MigrationSet {
  /** The table that remembers which migrations of this set have run. */
  readonly table: string;
  /** A folder of `001.do.<what>.sql`, `002.do.<what>.sql`, ...; ends with a slash. */
  readonly directory: URL;
}

/**
 * Brings the database up to date, the sets in order, all in one transaction: everything or nothing. Replicas that
 * start together wait for each other. A database that is newer than the files is left as it is (an older replica
 * that starts late). A migration that was changed after it ran is an error.
 */
export async function migrate({ url, sets, logger, patienceMs = 30_000 }: Migration): Promise<void> {
  for (const begun = performance.now(); ;) {
    try {
      return await migrateOnce(url, sets, logger);
    } catch (error) {
      if (!isPassingDatabaseError(error) || performance.now() - begun > patienceMs) throw error;
      logger.warn({ err: error }, 'the database cannot be migrated yet; the next try is in a second');
      await sleep(1_000);
    }
  }
}

export interface Migration {
  readonly url: string;
  readonly sets: readonly MigrationSet[];
  readonly logger: Logger;
  /** How long a database that is away, begins, or is locked by others is waited for. @default 30000 */
  readonly patienceMs?: number;
}

async function migrateOnce(url: string, sets: readonly MigrationSet[], logger: Logger): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'migrations',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', error => logger.warn({ err: error }, 'the connection for migrations was lost'));
  try {
    await client.connect();
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${migrationsLock})`);
    // Whoever comes to a table waits behind us as long as we wait for it: also those for whom we wait, when what they
    // have prepared under two-phase commit can only be ended by a pass.
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    for (const set of sets) await migrateSet(client, set, logger);
    await client.query('COMMIT');
  } finally {
    // Without a COMMIT before it, the end of the session is the rollback.
    await client.end().catch(() => undefined);
  }
}

const lockTimeoutMs = 1_000;

/** Any number that nobody else locks in a database of ours. */
const migrationsLock = 7_201_945;

async function migrateSet(client: pg.Client, set: MigrationSet, logger: Logger): Promise<void> {
  const postgrator = new Postgrator({
    driver: 'pg',
    schemaTable: set.table,
    migrationPattern: `${escapeGlob(fileURLToPath(set.directory))}*.sql`,
    execQuery: query => client.query(query),
  });
  const files = await postgrator.getMigrations();
  if (files.length === 0) throw new Error(`no migrations in ${set.directory.href}`);
  const newest = Math.max(...files.map(file => file.version));
  const version = await postgrator.getDatabaseVersion();
  if (version > newest) {
    logger.warn({ table: set.table, version, newest }, 'the database is newer than this process');
    return;
  }
  for (const migration of await postgrator.migrate()) {
    logger.info({ table: set.table, version: migration.version, migration: migration.name }, 'migrated');
  }
}

/** postgrator takes a glob: what means something in one is escaped, and its separator is `/` on every system. */
const escapeGlob = (path: string): string => path.replaceAll(sep, '/').replace(/[?*()[\]{}!+@]/g, '\\$&');
