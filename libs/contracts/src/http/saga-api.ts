import { z } from 'zod';
import { OrderId } from '../primitives.js';

/** `GET /sagas/{orderId}` on the orchestrator: where a saga stands and how each step went. */
export const SagaView = z
  .object({
    id: OrderId,
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
