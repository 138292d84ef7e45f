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

/**
 * A participant that has prepared or reserved something asks what became of it. The answer is the decision: the
 * command that carries it out. A coordinator that has not decided records that it aborts, before it answers.
 */
export const askDecision = command('orchestrator.ask', {
  data: z.object({ branch: text(64) }),
  reply: Nothing,
});
