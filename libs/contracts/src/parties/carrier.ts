import { z } from 'zod';
import { Address, Day, OrderId, text } from '../primitives.js';

/*
 * The carrier, an outside party. Idempotency-Key as at the card gateway.
 *   POST /labels   201 Label | 422 PartyRefusal
 */
export const CreateLabel = z.object({ reference: OrderId, address: Address, day: Day });
export const Label = z.object({ trackingNumber: text(100) });
