import type { Protocol } from '@ballast/contracts';

/** Those that have to conform. A new protocol is one more word. */
export const protocols = ['orchestrated', 'choreographed', 'tcc', 'two-phase'] as const satisfies Protocol[];
