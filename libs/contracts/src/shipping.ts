import { z } from 'zod';
import { Failure } from './failure.js';
import { command, event, Nothing } from './message.js';
import { Address, Day, text } from './primitives.js';

export const bookShipment = command('shipping.book', {
  /** `from`: the warehouse, where the flow knows it already. */
  data: z.object({ from: text(64).optional(), address: Address, day: Day }),
  reply: z.object({ day: Day }),
  rejects: ['NO_CAPACITY', 'ADDRESS_NOT_SERVED'],
});

export const cancelShipment = command('shipping.cancel', { data: Nothing, reply: Nothing });

export const dispatchShipment = command('shipping.dispatch', {
  data: Nothing,
  reply: z.object({ trackingNumber: text(100) }),
});

export const shipmentBooked = event('shipping.booked', bookShipment.reply);
export const shipmentRejected = event('shipping.rejected', Failure);
export const shipmentCancelled = event('shipping.cancelled', Failure);
export const shipmentDispatched = event('shipping.dispatched', dispatchShipment.reply);
