export * from './errors.js';
export * from './migrations.js';
export * from './pool.js';
export * from './statements.js';
export * from './transaction.js';
export * from '../queries.js';
