export * from './definition/definition.js';
export * from './definition/policy.js';
export * from './definition/saga.js';
export * from './engine/advance.js';
export { IllegalTransition } from './engine/draft.js';
export * from './engine/event.js';
export { appended, entryOf, type Happening, type HappeningKind, happeningsOf } from './engine/history.js';
export * from './engine/instance.js';
export { forcedUndo, type OperatorAction, operatorActions } from './engine/operator.js';
