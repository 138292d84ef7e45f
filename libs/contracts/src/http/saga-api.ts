import { z } from 'zod';
import { Protocol } from '../order.js';
import { OrderId } from '../primitives.js';

/**
 * `GET /sagas/{orderId}` on the orchestrator: where an order's flow stands and how each step went. Try-confirm-cancel and
 * two-phase commit are shown in the same words: a step for each branch, compensated when it is decided to abort.
 */
export const SagaView = z
  .object({
    id: OrderId,
    /** How it is coordinated; null when this process does not know its definition. */
    protocol: Protocol.nullable(),
    definition: z.string(),
    version: z.int(),
    state: z.enum(['running', 'compensating', 'parked', 'completed', 'compensated']),
    reason: z.string().nullable(),
    steps: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        attempts: z.int(),
        /** Whether the step's compensation was answered. */
        undone: z.boolean(),
      }),
    ),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SagaView' });
export type SagaView = z.infer<typeof SagaView>;
