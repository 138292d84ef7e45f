export * from './definition/definition.js';
export * from './definition/policy.js';
export * from './definition/saga.js';
export * from './engine/advance.js';
export { IllegalTransition } from './engine/draft.js';
export * from './engine/event.js';
export * from './engine/instance.js';
