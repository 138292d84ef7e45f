import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'end-of-stretch',
  'end-of-stretch-of-customer',
  'end-of-choreographed-stretch',
  'end-orders',
  'find-choreographed',
  'find-choreographed-order',
  'find-open-choreographed',
  'find-finished',
  'find-keys',
  'forget-keys',
  'list-orders',
  'list-orders-of-customer',
  'load-endings',
  'load-orders',
  'load-progress',
  'place-orders',
  'request-cancel',
]);

/** The order service's own tables; they stand beside the transport's. */
export const orderMigrations = {
  table: 'migrations_order',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
