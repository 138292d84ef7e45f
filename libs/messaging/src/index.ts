export * from './message.js';
export * from './lanes/work.js';
export * from './participant/definition.js';
