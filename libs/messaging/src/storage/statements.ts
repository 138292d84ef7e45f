import { loadQueries } from '@ballast/platform';

/** The transport's statements, one per file. */
export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url));

/** The transport's tables; every service runs them before its own migrations. */
export const messagingMigrations = {
  table: 'migrations_messaging',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
