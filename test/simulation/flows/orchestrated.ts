import { type Answer, answerType, cancelSaga, startSaga, topicOf } from '@ballast/contracts';
import { placeOrder as definition } from '@ballast/place-order';
import {
  advance,
  type Advanced,
  type Event,
  type Instance,
  nextDue,
  start,
  startCompensated,
  withDefaults,
} from '@ballast/saga';
import type { World } from '../world/world.js';
import { type Flow, isForgotten, messageOf, nothingToWork, parkAfterAttempts, reply } from './flow.js';

const from = 'orchestrator';
const placeOrder = withDefaults(definition, { parkAfterAttempts });
type Saga = Instance<never>;

/** The orchestrator's and the participants' shells, as in orchestrator/src/sagas and libs/messaging. */
export const orchestrated: Flow = {
  begin(world, { id, order, deadlineMs }) {
    const data = { definition: placeOrder.name, input: order, deadline: world.now + deadlineMs };
    world.send('order', topicOf(startSaga), messageOf(startSaga.type, data, { from: 'order', orderId: id }));
  },

  cancel(world, orderId) {
    world.send('order', topicOf(cancelSaga), messageOf(cancelSaga.type, {}, { from: 'order', orderId }));
  },

  handle(world, name, message) {
    const { type, subject: orderId } = message;
    if (name !== from) {
      if (isForgotten(world, message)) return reply(world, name, message, { outcome: 'done', reply: {} });
      for (const { to, answer } of world.command(name, message)) reply(world, name, to, answer);
    } else if (type === startSaga.type) {
      begun(world, orderId, message.data as { input: never; deadline: number });
    } else if (type === cancelSaga.type) {
      if (sagaOf(world, orderId) === undefined) world.node(from).cancelledEarly[orderId] = true;
      else advanced(world, orderId, { kind: 'cancel' });
    } else {
      const { step, attempt = 1, data } = message;
      if (step === undefined) return;
      const operation = placeOrder.steps.some(one => answerType(one.do) === type) ? 'do' : 'undo';
      advanced(world, orderId, { kind: 'answered', step, operation, attempt, answer: data as Answer });
    }
  },

  answered(world, name, answered) {
    for (const { to, answer } of answered) reply(world, name, to, answer);
  },

  timers: world =>
    Object.values(world.node(from).instances).flatMap(saga => {
      const due = nextDue(saga as Saga);
      return due === null ? [] : [{ node: from, orderId: saga.id, at: due.getTime() }];
    }),

  timer: (world, _, orderId) => advanced(world, orderId, { kind: 'timer' }),
  work: nothingToWork,
  restarted: () => {},

  resume(world) {
    for (const { id, state } of Object.values(world.node(from).instances)) {
      if ((state as Saga['state']).kind !== 'parked') continue;
      advanced(world, id, { kind: 'operator', action: 'resume', id: `resume ${id}` });
    }
  },
};

const sagaOf = (world: World, orderId: string) => world.node(from).instances[orderId] as Saga | undefined;

function begun(world: World, orderId: string, { input, deadline }: { input: never; deadline: number }): void {
  if (sagaOf(world, orderId) !== undefined) return;
  const beginning = { id: orderId, input, deadlineAt: deadline };
  const early = world.node(from).cancelledEarly[orderId];
  delete world.node(from).cancelledEarly[orderId];
  stored(
    world,
    early === true
      ? startCompensated(placeOrder, beginning, 'CANCELLED', world.now)
      : start(placeOrder, beginning, world.now),
  );
}

function advanced(world: World, orderId: string, event: Event): void {
  const saga = sagaOf(world, orderId);
  if (saga !== undefined) stored(world, advance(placeOrder, saga, event, world.now));
}

/** The instance and what it sends, together. */
function stored(world: World, { instance, effects }: Advanced): void {
  const { id: orderId } = instance;
  world.node(from).instances[orderId] = instance;
  for (const effect of effects) {
    if (effect.kind === 'alarm') world.alarm(`${effect.alarm}: ${effect.detail}`);
    if (effect.kind !== 'send' && effect.kind !== 'tell') continue;
    const { command, data } = effect;
    const asked = effect.kind === 'send' ? effect : {};
    world.send(from, topicOf(command), messageOf(command.type, data, { from, orderId, ...asked }));
  }
}
