import { command, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { tcc } from '../definition/tcc.js';
import { twoPhase } from '../definition/two-phase.js';

/* The definitions of the README and of the coordinator's tests: a hotel and a flight, both or neither. */

const Holiday = z.object({ traveller: z.string(), priceCents: z.int() });

const bookRoom = command('hotels.book', {
  data: z.object({ guest: z.string() }),
  reply: z.object({ room: z.int() }),
  rejects: ['FULL'],
});
const payRoom = command('hotels.pay', {
  data: z.object({ room: z.int() }),
  reply: Nothing,
  rejects: ['BROKE'],
});
const bookFlight = command('flights.book', { data: Nothing, reply: Nothing, rejects: ['NO_SEAT'] });
const sendVoucher = command('customers.voucher', { data: Nothing, reply: Nothing });
const apologise = command('customers.apologise', { data: z.object({ reason: z.string() }), reply: Nothing });

export const triedHoliday = tcc('holiday', { version: 1, input: Holiday })
  .branch('hotels', {
    try: bookRoom,
    with: ({ traveller }) => ({ guest: traveller }),
    confirm: payRoom,
    confirmWith: (_, { room }) => ({ room }),
    cancel: command('hotels.cancel', { data: Nothing, reply: Nothing }),
  })
  .branch('flights', {
    try: bookFlight,
    with: () => ({}),
    confirm: command('flights.issue', { data: Nothing, reply: Nothing }),
    cancel: command('flights.cancel', { data: Nothing, reply: Nothing }),
  })
  .whenConfirmed('send voucher', { do: sendVoucher, with: () => ({}) })
  .whenCancelledTell(apologise, (_, reason) => ({ reason }));

export const preparedHoliday = twoPhase('holiday', { version: 1, input: Holiday })
  .branch('hotels', branch =>
    branch
      .does(bookRoom, ({ traveller }) => ({ guest: traveller }))
      .does(payRoom, (_, done) => ({ room: done['hotels.book'].room })),
  )
  .branch('flights', branch => branch.does(bookFlight, () => ({})))
  .refuses(({ priceCents }) => (priceCents > 1_000_000 ? 'TOO_DEAR' : null))
  .afterCommit('send voucher', { do: sendVoucher, with: () => ({}) })
  .whenAbortedTell(apologise, (_, reason) => ({ reason }));

export const aHoliday = () => ({ traveller: 'ada', priceCents: 90_000 });
