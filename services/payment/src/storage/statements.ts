import { loadQueries } from '@ballast/platform';

export const statements = loadQueries(new URL('../../src/storage/queries/', import.meta.url), [
  'append-postings',
  'deposit',
  'find-deposit',
  'find-finished',
  'find-wallets',
  'forget-deposits',
  'list-accounts',
  'load-account',
  'load-authorization',
  'load-ledger',
  'load-payments',
  'lock-free-wallets',
  'lock-wallets',
  'merge-totals',
  'save-payments',
  'save-wallets',
]);

/** The payment service's own tables; they stand beside the transport's. */
export const paymentMigrations = {
  table: 'migrations_payment',
  directory: new URL('../../src/storage/migrations/', import.meta.url),
};
