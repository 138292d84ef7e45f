import { z } from 'zod';
import { command, Nothing } from './message.js';
import { OperatorRequest } from './operator.js';
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

/** A customer's wish to cancel: honoured before the pivot is sent, ignored from then on. */
export const cancelSaga = command('orchestrator.cancel', {
  data: z.object({ requestedBy: text(100) }),
  reply: Nothing,
});

/** What is waiting for its next attempt, or has used them up, is sent at once. */
export const retrySaga = command('orchestrator.retry', { data: OperatorRequest, reply: Nothing });

/** A parked saga goes on where it was, with another round of attempts. */
export const resumeSaga = command('orchestrator.resume', { data: OperatorRequest, reply: Nothing });

/** The step that is stuck counts as done: somebody has seen to it outside. */
export const forceSagaForward = command('orchestrator.force-forward', {
  data: OperatorRequest.extend({
    /** Which one, when several are stuck. */
    step: text(64).optional(),
    /** What the step would have answered; checked against its command. */
    reply: z.unknown().optional(),
  }),
  reply: Nothing,
});

/** Everything that was done is undone: refused from the pivot's sending on. */
export const forceSagaUndo = command('orchestrator.force-undo', { data: OperatorRequest, reply: Nothing });

/** As a customer's cancel, but with an operator's name and reason. */
export const cancelSagaAsOperator = command('orchestrator.operator-cancel', {
  data: OperatorRequest,
  reply: Nothing,
});

/** The messages of operators, by the action that each asks for. */
export const operatorCommands = {
  retry: retrySaga,
  resume: resumeSaga,
  'force-forward': forceSagaForward,
  'force-undo': forceSagaUndo,
  cancel: cancelSagaAsOperator,
} as const;
/**
 * A participant that has prepared or reserved something asks what became of it. The answer is the decision: the
 * command that carries it out. A coordinator that has not decided records that it aborts, before it answers.
 */
export const askDecision = command('orchestrator.ask', {
  data: z.object({
    branch: text(64),
    /** The flow that it belongs to: what nobody knows of is aborted by the question, and put on record as one of it. */
    definition: text(64),
  }),
  reply: Nothing,
});
