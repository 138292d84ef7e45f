import { z } from 'zod';
import { command, Nothing } from './message.js';
import { text } from './primitives.js';

/** Starts a saga for the order that is the message's subject. The input is checked against the definition's schema. */
export const startSaga = command('orchestrator.start', {
  data: z.object({
    definition: text(64),
    input: z.unknown(),
    /** From here on, before the pivot, the saga compensates. */
    deadline: z.iso.datetime({ precision: 3 }),
  }),
  reply: Nothing,
});

/** Asks for a cancel: honoured before the pivot is sent, ignored from then on. */
export const cancelSaga = command('orchestrator.cancel', {
  data: z.object({ requestedBy: text(100) }),
  reply: Nothing,
});
