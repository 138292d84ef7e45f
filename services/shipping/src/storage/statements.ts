import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'add-slots',
  'answer-slots-key',
  'explain-shortage',
  'find-finished',
  'find-slots-key',
  'forget-slots-keys',
  'load-capacity',
  'load-shipments',
  'lock-free-slots',
  'save-shipments',
  'save-slots',
  'take-slots-key',
]);

/** The shipping service's own tables; they stand beside the transport's. */
export const shippingMigrations = {
  table: 'migrations_shipping',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
