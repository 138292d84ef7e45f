export * from './orchestrated.js';
