import { z } from 'zod';
import { text } from './primitives.js';

/** What an event says about why an order does not come through. The reason is one of `cancellationReasons`. */
export const Failure = z.object({ reason: text(100), detail: z.string().max(2_000).optional() });
export type Failure = z.infer<typeof Failure>;
