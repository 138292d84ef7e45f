export { fetchKafkaLibraries } from './kafka/libraries.js';
export { AlreadyOwned } from './owner.js';
export { cloneRoot, stateDirectory } from './places.js';
export { findFreePorts } from './ports.js';
export { Program, type Exit } from './program.js';
export { placeSampleOrders } from './sample/sample.js';
export { startStack, type Stack, type StackOptions } from './stack.js';
export { newRunDirectory, removeRunDirectory } from './test-servers/run-directory.js';
export type { Unit } from './unit.js';
