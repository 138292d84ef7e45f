import { askDecision, topicOf } from '@ballast/contracts';
import { placeOrderTcc } from '@ballast/place-order';
import { advanceHold, type HoldEvent } from '@ballast/two-phase';
import type { Answered } from '../world/participants.js';
import { type NodeName, nodeNames } from '../world/state.js';
import type { World } from '../world/world.js';
import { Coordinator } from './coordinator.js';
import { type Flow, isForgotten, messageOf, nothingToWork, reply } from './flow.js';

const coordinator = new Coordinator(placeOrderTcc as never);

/** The coordinator's shell, and that of the participants, who ask about what they have held for too long. */
export const tcc: Flow = {
  begin: (world, planned) => coordinator.begin(world, planned),
  cancel: (world, orderId) => coordinator.cancel(world, orderId),

  handle(world, name, message) {
    if (name === 'orchestrator') return coordinator.handle(world, message);
    const done = { to: message, answer: { outcome: 'done', reply: {} }, changed: true } as const;
    answered(world, name, isForgotten(world, message) ? [done] : world.command(name, message));
  },

  answered,

  timers: world => [
    ...coordinator.timers(world),
    ...nodeNames.flatMap(node =>
      Object.values(world.node(node).holds).map(({ orderId, askAt: at }) => ({ node, orderId, at })),
    ),
  ],

  timer(world, name, orderId) {
    const branch = placeOrderTcc.branches.find(branch => branch.name === name);
    if (branch === undefined) coordinator.timer(world, orderId);
    else if (world.is('decided alone')) {
      world.command(name, messageOf(branch.abort.type, {}, { from: name, orderId }));
      held(world, name, orderId, { kind: 'settled' });
    } else held(world, name, orderId, { kind: 'timer' });
  },

  work: nothingToWork,
  restarted: () => {},
  resume: world => coordinator.resume(world),
};

function answered(world: World, name: NodeName, answers: readonly Answered[]): void {
  const branch = placeOrderTcc.branches.find(branch => branch.name === name);
  for (const { to, answer, changed } of answers) {
    reply(world, name, to, answer);
    if (branch === undefined || !changed || answer.outcome !== 'done') continue;
    if (to.type === branch.prepare.type) {
      held(world, name, to.subject, { kind: 'tried', orderId: to.subject, branch: name });
    } else {
      held(world, name, to.subject, { kind: 'settled' });
    }
  }
}

/** The hold, in the transaction of what it is about. */
function held(world: World, name: NodeName, orderId: string, event: HoldEvent): void {
  const { holds } = world.node(name);
  const { hold, effects } = advanceHold(holds[orderId] ?? null, event, world.now);
  if (hold === null) delete holds[orderId];
  else holds[orderId] = hold;
  for (const { branch } of effects) {
    const question = messageOf(
      askDecision.type,
      { branch, definition: placeOrderTcc.name },
      { from: name, orderId },
    );
    world.send(name, topicOf(askDecision), question);
  }
}
