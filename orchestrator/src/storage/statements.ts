import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'advance-sagas',
  'delete-early-cancels',
  'forget-early-cancels',
  'forget-sagas',
  'insert-early-cancels',
  'load-due',
  'load-saga',
  'load-sagas',
  'start-sagas',
]);

/** The orchestrator's own tables; they stand beside the transport's. */
export const orchestratorMigrations = {
  table: 'migrations_orchestrator',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
