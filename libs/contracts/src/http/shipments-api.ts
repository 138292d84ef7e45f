import { z } from 'zod';
import { Day, OrderId, Zone } from '../primitives.js';

/** `POST /zones/{zone}/days/{day}/slots`: adds carrier capacity for a day; the first makes the zone served. */
export const AddSlots = z
  .strictObject({ slots: z.int().min(1).max(1_000_000) })
  .meta({ id: 'AddSlots', example: { slots: 100 } });
export type AddSlots = z.infer<typeof AddSlots>;

/** The carrier's slots of a zone on a day. */
export const CapacityView = z
  .object({ zone: Zone, day: Day, free: z.int().min(0), taken: z.int().min(0) })
  .meta({ id: 'CapacityView' });
export type CapacityView = z.infer<typeof CapacityView>;

/** `GET /shipments/{orderId}`: the tracking number is the carrier's, null until it has answered. */
export const ShipmentView = z
  .object({
    orderId: OrderId,
    status: z.enum(['BOOKED', 'CANCELLED', 'DISPATCHING', 'DISPATCHED']),
    zone: Zone,
    day: Day,
    trackingNumber: z.string().nullable(),
  })
  .meta({ id: 'ShipmentView' });
export type ShipmentView = z.infer<typeof ShipmentView>;
