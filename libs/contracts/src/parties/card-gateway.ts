import { z } from 'zod';
import { PositiveCents, text } from '../primitives.js';

/*
 * The card gateway, an outside party. Every call carries an Idempotency-Key header: a repeated key returns the first
 * definite answer and does nothing twice.
 *   POST /holds                    201 HoldCreated | 402 PartyRefusal
 *   POST /holds/{holdId}/capture   200 Captured    | 402 PartyRefusal
 *   POST /holds/{holdId}/void      200 {}
 */
export const CreateHold = z.object({ token: z.string(), amountCents: PositiveCents });
export const HoldCreated = z.object({ holdId: text(100) });
export const Captured = z.object({ captureId: text(100) });

export const PartyRefusal = z.object({ code: z.string(), detail: z.string().optional() });
