import { command, event, Failure, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { all, anyOf, choreography, when } from '../definition/choreography.js';

/* The choreography of the README and of the engine's tests: a guest orders, the kitchen cooks, the till charges. */

export const ordered = event('guest.ordered', z.object({ dish: z.string() }));
export const leftEarly = event('guest.left', Failure);
export const waitedTooLong = event('guest.waited-too-long', Failure);
export const asksAgain = event('guest.asks-again', Nothing);
export const cooked = event('kitchen.cooked', z.object({ plate: z.int() }));
export const burnt = event('kitchen.burnt', Failure);
export const thrownAway = event('kitchen.thrown-away', Failure);
export const served = event('kitchen.served', Nothing);
export const billed = event('till.billed', z.object({ bill: z.int() }));
export const notBilled = event('till.not-billed', Failure);
export const paid = event('till.paid', Nothing);
export const notPaid = event('till.not-paid', Failure);
export const excused = event('till.excused', Failure);

export const cook = command('kitchen.cook', {
  data: z.object({ dish: z.string() }),
  reply: z.object({ plate: z.int() }),
  rejects: ['BURNT'],
});
export const throwAway = command('kitchen.throw-away', { data: Nothing, reply: Nothing });
export const serve = command('kitchen.serve', { data: Nothing, reply: Nothing });
export const bill = command('till.bill', {
  data: z.object({ plate: z.int() }),
  reply: z.object({ bill: z.int() }),
  rejects: ['CLOSED'],
});
export const excuse = command('till.excuse', { data: Nothing, reply: Nothing });
export const charge = command('till.charge', {
  data: z.object({ bill: z.int() }),
  reply: Nothing,
  rejects: ['NO_MONEY'],
});
export const sayThanks = command('guest.thank', { data: Nothing, reply: Nothing });
export const leave = command('guest.leave', { data: z.object({ reason: z.string() }), reply: Nothing });

export const about = {
  version: 1,
  begins: ordered,
  cancelRequested: leftEarly,
  deadlinePassed: waitedTooLong,
  resumeRequested: asksAgain,
};

export const reactions = [
  when(ordered, 'kitchen', { do: cook, with: ({ dish }) => ({ dish }), then: cooked, orElse: burnt }),
  when(all(ordered, cooked), 'till', {
    do: bill,
    with: (_, { plate }) => ({ plate }),
    then: billed,
    orElse: notBilled,
  }),
  when(all(billed, cooked), 'till', {
    pivot: charge,
    with: ({ bill }) => ({ bill }),
    then: paid,
    orElse: notPaid,
  }),
  when(paid, 'kitchen', { mustFinish: serve, then: served }),
  when(served, 'guest', { completes: sayThanks }),
  when(anyOf(leftEarly, waitedTooLong, burnt, notBilled, notPaid), 'till', {
    undo: excuse,
    of: bill,
    then: excused,
  }),
  when(excused, 'kitchen', { undo: throwAway, of: cook, then: thrownAway }),
  when(all(excused, thrownAway), 'guest', { cancels: leave, with: ({ reason }) => ({ reason }) }),
];

export const lunch = choreography('lunch', about, reactions);
