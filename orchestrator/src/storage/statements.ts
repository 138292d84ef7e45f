import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'delete-early-cancels',
  'forget-early-cancels',
  'insert-early-cancels',
  'insert-sagas',
  'load-due',
  'load-saga',
  'load-sagas',
  'save-progress',
]);

/** The orchestrator's own tables; they stand beside the transport's. */
export const orchestratorMigrations = {
  table: 'migrations_orchestrator',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
