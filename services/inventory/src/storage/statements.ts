import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'deliver',
  'find-delivery',
  'find-finished',
  'find-stock',
  'forget-deliveries',
  'list-stock',
  'load-reservation',
  'load-reservations',
  'load-stock',
  'lock-free-stock',
  'lock-stock',
  'save-reservations',
  'save-stock',
]);

/** The inventory service's own tables; they stand beside the transport's. */
export const inventoryMigrations = {
  table: 'migrations_inventory',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
