export * from './choreographed.js';
export * from './orchestrated.js';
export * from './tcc.js';
export * from './two-phase.js';
