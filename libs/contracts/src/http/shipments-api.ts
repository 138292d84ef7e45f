import { z } from 'zod';
import { Day, OrderId, Zone } from '../primitives.js';

/** `POST /zones/{zone}/days/{day}/slots`: adds carrier capacity for a day; the first makes the zone served. */
export const AddSlots = z.strictObject({ slots: z.int().min(1).max(1_000_000) }).meta({ id: 'AddSlots' });

export const CapacityView = z
  .object({ zone: Zone, day: Day, free: z.int(), taken: z.int() })
  .meta({ id: 'CapacityView' });

export const ShipmentView = z
  .object({
    orderId: OrderId,
    status: z.enum(['BOOKED', 'CANCELLED', 'DISPATCHING', 'DISPATCHED']),
    zone: Zone,
    day: Day,
    trackingNumber: z.string().nullable(),
  })
  .meta({ id: 'ShipmentView' });
