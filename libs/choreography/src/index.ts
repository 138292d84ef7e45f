export { all, anyOf, choreography, when } from './definition/choreography.js';
export * from './definition/definition.js';
export { diagramOf } from './definition/diagram.js';
export * from './definition/patience.js';
export { advance, begin, nextDue } from './engine/advance.js';
export * from './engine/event.js';
export * from './engine/progress.js';
export { waitsFor } from './engine/watch.js';
