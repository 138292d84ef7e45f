/*
 * How a participant decides, without anything that stores or sends: for whoever runs participants in memory.
 */
export type { Barrier, Reply, Rule, Side } from './barrier.js';
export { Decider, type Draft, type Obstacle } from './decider.js';
export type { AnswerItem, CommandItem } from './items.js';
export { PassMemory } from './pass-memory.js';
export { type Gate, type Route, type Routes, routesOf } from './routes.js';
export { callKey, type CallState } from './tables.js';
