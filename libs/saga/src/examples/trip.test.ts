import { command, Nothing } from '@ballast/contracts';
import { test } from 'vitest';
import { z } from 'zod';
import { saga } from '../index.js';
import { given } from '../testing/index.js';

const trip = saga('trip', { version: 1, input: z.object({ traveller: z.string(), cents: z.int() }) })
  .undoable('book room', {
    do: command('hotel.book', {
      data: z.object({ guest: z.string() }),
      reply: z.object({ room: z.int() }),
      rejects: ['FULL'],
    }),
    with: trip => ({ guest: trip.traveller }),
    undo: command('hotel.cancel', { data: Nothing, reply: Nothing }),
  })
  .pivot('charge card', {
    do: command('card.charge', {
      data: z.object({ cents: z.int(), note: z.string() }),
      reply: Nothing,
      rejects: ['DECLINED'],
    }),
    with: (trip, done) => ({ cents: trip.cents, note: `room ${done['book room'].room}` }),
  })
  .mustFinish({
    'send key': { do: command('hotel.key', { data: Nothing, reply: Nothing }), with: () => ({}) },
  });

test('a declined card gives the room back', () => {
  given(trip, { traveller: 'ada', cents: 9_000 })
    .expectCommand('hotel.book', { data: { guest: 'ada' } })
    .reply({ room: 7 })
    .expectCommand('card.charge')
    .reject('DECLINED')
    .expectCommand('hotel.cancel')
    .reply()
    .expectCompensated('DECLINED');
});
