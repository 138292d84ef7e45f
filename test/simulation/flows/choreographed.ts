import { advance, begin, type Event, nextDue } from '@ballast/choreography';
import { orderCancelRequested, orderPlaced, topicOfEvent } from '@ballast/contracts';
import { placeOrderChoreographed as definition } from '@ballast/place-order';
import type { Answered } from '../world/participants.js';
import { type NodeName, nodeNames } from '../world/state.js';
import type { World } from '../world/world.js';
import { type Flow, isForgotten, messageOf, nothingToWork, parkAfterAttempts } from './flow.js';

const placeOrderChoreographed = {
  ...definition,
  patience: { ...definition.patience, parkAfterAttempts },
};

/** Each service's shell around its own reactions. */
export const choreographed: Flow = {
  begin(world, { id, order, deadlineMs }) {
    const about = { from: 'order', orderId: id, deadlineAt: world.now + deadlineMs } as const;
    world.send('order', topicOfEvent(orderPlaced), messageOf(orderPlaced.type, order, about));
  },

  /** As over HTTP: the request is stored with its message, and the watcher hears of it like everybody else. */
  cancel(world, orderId) {
    const about = { from: 'order', orderId } as const;
    const message = messageOf(orderCancelRequested.type, { reason: 'CANCELLED' }, about);
    world.send('order', topicOfEvent(orderCancelRequested), message);
  },

  handle(world, name, { type: event, subject: orderId, data, deadline }) {
    const deadlineAt = deadline === undefined ? null : Date.parse(deadline);
    const before = progressOf(world, name, orderId);
    advanced(world, name, orderId, { kind: 'heard', event, data, deadlineAt });
    const after = progressOf(world, name, orderId);
    const early = after.facts !== before.facts && after.reactions === before.reactions;
    // The beginning stays: without it there would be nothing to react to.
    if (world.is('event dropped') && early && event !== orderPlaced.type) {
      world.node(name).progress[orderId] = { ...after, facts: before.facts };
    }
  },

  answered: performed,

  timers: world =>
    nodeNames.flatMap(node =>
      Object.values(world.node(node).progress).flatMap(progress => {
        const due = nextDue(placeOrderChoreographed, progress);
        return due === null ? [] : [{ node, orderId: progress.id, at: due.getTime() }];
      }),
    ),

  timer: (world, name, orderId) => advanced(world, name, orderId, { kind: 'timer' }),
  work: nothingToWork,
  restarted: () => {},

  resume(world) {
    for (const { id, watch } of Object.values(world.node('order').progress)) {
      if (watch?.state === 'running') advanced(world, 'order', id, { kind: 'resume' });
    }
  },
};

const progressOf = (world: World, name: NodeName, orderId: string) =>
  world.node(name).progress[orderId] ?? begin(placeOrderChoreographed, name, orderId, world.now);

/** The progress, what its participant does and what it announces, together. */
function advanced(world: World, name: NodeName, orderId: string, event: Event): void {
  const { progress, effects } = advance(
    placeOrderChoreographed,
    progressOf(world, name, orderId),
    event,
    world.now,
  );
  world.node(name).progress[orderId] = progress;
  for (const effect of effects) {
    if (effect.kind === 'alarm') world.alarm(`${effect.alarm}: ${effect.detail}`);
    if (effect.kind === 'emit') {
      const { event, data, deadlineAt } = effect;
      world.send(name, topicOfEvent(event), messageOf(event.type, data, { from: name, orderId, deadlineAt }));
    }
    if (effect.kind === 'perform') {
      const { command, data, attempt, deadlineAt } = effect;
      const message = messageOf(command.type, data, { from: name, orderId, attempt, deadlineAt });
      const forgotten = { to: message, answer: { outcome: 'done', reply: {} }, changed: true } as const;
      performed(world, name, isForgotten(world, command) ? [forgotten] : world.command(name, message));
    }
  }
}

/** What the participant has answered goes back to its reactions. */
function performed(world: World, name: NodeName, answered: readonly Answered[]): void {
  for (const { to, answer, changed } of answered) {
    advanced(world, name, to.subject, { kind: 'performed', command: to.type, answer, changed });
  }
}
