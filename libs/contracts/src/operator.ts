import { z } from 'zod';
import { text } from './primitives.js';

/** Who interferes with an order's flow, and why: it is kept for ever. */
export const OperatorRequest = z.object({ operator: text(100), reason: text(500) });
export type OperatorRequest = z.infer<typeof OperatorRequest>;
