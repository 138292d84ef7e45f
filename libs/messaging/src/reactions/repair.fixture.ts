import { all, anyOf, choreography, when } from '@ballast/choreography';
import { command, event, Failure, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { giveToolBack, lendKey, returnKey, sendBill, takeTool } from '../participant/workshop.fixture.js';

/* A choreography around the workshop of the participants' tests: a tool is taken, a key lent, and a bank owns the pivot. */

const Repair = z.object({ tool: z.string(), count: z.int(), door: z.string() });

export const asked = event('front.asked', Repair);
export const calledOff = event('front.called-off', Failure);
export const tooLate = event('front.too-late', Failure);
export const asksAgain = event('front.asks-again', Nothing);
export const toolTaken = event('workshop.tool-taken', takeTool.reply);
export const toolMissing = event('workshop.tool-missing', Failure);
export const keyLent = event('workshop.key-lent', lendKey.reply);
export const keyRefused = event('workshop.key-refused', Failure);
export const held = event('bank.held', Nothing);
export const notHeld = event('bank.not-held', Failure);
export const charged = event('bank.charged', Nothing);
export const notCharged = event('bank.not-charged', Failure);
export const refunded = event('bank.refunded', Failure);
export const billed = event('workshop.billed', sendBill.reply);
export const toolBack = event('workshop.tool-back', Failure);
export const keyBack = event('workshop.key-back', Failure);

const hold = command('bank.hold', { data: Nothing, reply: Nothing, rejects: ['NO_MONEY'] });
const charge = command('bank.charge', { data: Nothing, reply: Nothing, rejects: ['NO_MONEY'] });
const refund = command('bank.refund', { data: Nothing, reply: Nothing });
const close = command('front.close', { data: Nothing, reply: Nothing });
const drop = command('front.drop', { data: Nothing, reply: Nothing });

export const repair = choreography(
  'repair',
  {
    version: 1,
    begins: asked,
    cancelRequested: calledOff,
    deadlinePassed: tooLate,
    resumeRequested: asksAgain,
  },
  [
    when(asked, 'workshop', {
      do: takeTool,
      with: ({ tool, count }) => ({ tool, count, note: '' }),
      then: toolTaken,
      orElse: toolMissing,
    }),
    when(all(asked, toolTaken), 'workshop', {
      do: lendKey,
      with: ({ door }) => ({ door }),
      then: keyLent,
      orElse: keyRefused,
    }),
    when(keyLent, 'bank', { do: hold, with: () => ({}), then: held, orElse: notHeld }),
    when(held, 'bank', { pivot: charge, with: () => ({}), then: charged, orElse: notCharged }),
    when(charged, 'workshop', { mustFinish: sendBill, then: billed }),
    when(billed, 'front', { completes: close }),
    when(anyOf(calledOff, tooLate, toolMissing, keyRefused, notHeld, notCharged), 'bank', {
      undo: refund,
      of: hold,
      then: refunded,
    }),
    when(refunded, 'workshop', { undo: giveToolBack, of: takeTool, then: toolBack }),
    when(refunded, 'workshop', { undo: returnKey, of: lendKey, then: keyBack }),
    when(all(refunded, toolBack, keyBack), 'front', { cancels: drop, with: () => ({}) }),
  ],
);
