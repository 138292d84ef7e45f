import { command, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { saga } from '../definition/saga.js';

/** The saga of the README and of the engine's tests: two bookings in parallel, a third that needs one of them. */
export const holiday = saga('holiday', {
  version: 1,
  input: z.object({ traveller: z.string(), priceCents: z.int() }),
})
  .undoable({
    'book flight': {
      do: command('flights.book', {
        data: z.object({ traveller: z.string() }),
        reply: z.object({ airport: z.string() }),
        rejects: ['FULL'],
      }),
      with: ({ traveller }) => ({ traveller }),
      undo: command('flights.cancel', { data: Nothing, reply: Nothing }),
    },
    'book hotel': {
      do: command('hotels.book', {
        data: z.object({ guest: z.string() }),
        reply: Nothing,
        rejects: ['NO_ROOM'],
      }),
      with: ({ traveller }) => ({ guest: traveller }),
      undo: command('hotels.cancel', { data: z.object({ guest: z.string() }), reply: Nothing }),
      undoWith: ({ traveller }) => ({ guest: traveller }),
    },
  })
  .undoable('rent car', {
    do: command('cars.rent', { data: z.object({ at: z.string() }), reply: Nothing, rejects: ['NO_CAR'] }),
    with: (_, done) => ({ at: done['book flight'].airport }),
    undo: command('cars.return', { data: Nothing, reply: Nothing }),
  })
  .pivot('charge card', {
    do: command('cards.charge', {
      data: z.object({ amountCents: z.int() }),
      reply: Nothing,
      rejects: ['DECLINED'],
    }),
    with: ({ priceCents }) => ({ amountCents: priceCents }),
  })
  .mustFinish({
    'issue ticket': { do: command('flights.issue', { data: Nothing, reply: Nothing }), with: () => ({}) },
    'send voucher': { do: command('hotels.confirm', { data: Nothing, reply: Nothing }), with: () => ({}) },
  })
  .mustFinish({
    'say goodbye': { do: command('customers.farewell', { data: Nothing, reply: Nothing }), with: () => ({}) },
  })
  .whenCompensatedTell(
    command('customers.apologise', { data: z.object({ reason: z.string() }), reply: Nothing }),
    (_, reason) => ({ reason }),
  );

export const aHoliday = () => ({ traveller: 'ada', priceCents: 90_000 });
