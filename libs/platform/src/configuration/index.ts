export * from './load.js';
export * from './settings.js';
