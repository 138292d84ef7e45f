import { topicOf } from '@ballast/contracts';
import { createMessage, type Outgoing } from '@ballast/messaging';
import type { StoredSaga } from '../storage/saga-repository.js';
import type { Effect, Send } from './flow.js';

/** The message that an effect asks for; null when it asks for none. Every attempt is a message with an id of its own. */
export function outgoing({ instance, trace }: StoredSaga, effect: Effect, at: Date): Outgoing | null {
  if (effect.kind !== 'send' && effect.kind !== 'tell') return null;
  const { command, data } = effect;
  const message = createMessage({
    at,
    type: command.type,
    source: '/orchestrator',
    subject: instance.id,
    data,
    sagaid: instance.id,
    ...(effect.kind === 'send' && attributesOf(effect)),
    ...trace,
  });
  return { topic: topicOf(command), message };
}

const attributesOf = ({ step, attempt, deadlineAt, tcc }: Send) => ({
  step,
  attempt,
  ...(deadlineAt !== null && { deadline: new Date(deadlineAt).toISOString() }),
  ...(tcc !== undefined && { tcc }),
});
