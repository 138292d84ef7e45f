import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'advance-sagas',
  'count-parked',
  'delete-early-cancels',
  'end-of-sagas-stretch',
  'find-running-sagas',
  'find-sagas',
  'forget-early-cancels',
  'forget-sagas',
  'insert-early-cancels',
  'load-due',
  'load-saga',
  'load-sagas',
  'park-sagas',
  'running-versions',
  'start-sagas',
  'unpark-sagas',
]);

/** The orchestrator's own tables; they stand beside the transport's. */
export const orchestratorMigrations = {
  table: 'migrations_orchestrator',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
