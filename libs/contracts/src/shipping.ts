import { z } from 'zod';
import { command, Nothing } from './message.js';
import { Address, Day, text } from './primitives.js';

export const bookShipment = command('shipping.book', {
  data: z.object({ from: text(64), address: Address, day: Day }),
  reply: z.object({ day: Day }),
  rejects: ['NO_CAPACITY', 'ADDRESS_NOT_SERVED'],
});

export const cancelShipment = command('shipping.cancel', { data: Nothing, reply: Nothing });

export const dispatchShipment = command('shipping.dispatch', {
  data: Nothing,
  reply: z.object({ trackingNumber: text(100) }),
});
