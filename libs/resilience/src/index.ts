export * from './retry/retry-delay.js';
export * from './timeout/with-timeout.js';
