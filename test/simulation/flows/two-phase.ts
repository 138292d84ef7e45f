import { askDecision, topicOf } from '@ballast/contracts';
import { placeOrderTwoPhase } from '@ballast/place-order';
import { advanceBranch, type BranchEvent, type BranchOrder, nextBranchDue } from '@ballast/two-phase';
import { apply, participants } from '../world/participants.js';
import { type NodeName, nodeNames, type Task } from '../world/state.js';
import type { World } from '../world/world.js';
import { Coordinator } from './coordinator.js';
import { type Flow, messageOf, reply } from './flow.js';

const coordinators = new Map<string, Coordinator>();

/** The coordinator of all branches, or of those that the plan names. */
function coordinatorOf({ plan: { branches: named } }: World): Coordinator {
  const key = named?.join() ?? 'all';
  let coordinator = coordinators.get(key);
  if (coordinator === undefined) {
    const { branches, afterwards } = placeOrderTwoPhase;
    const some = {
      ...placeOrderTwoPhase,
      branches: branches.filter(({ name }) => named?.includes(name) ?? true),
      afterwards: named?.includes('shipping') === false ? [] : afterwards,
    };
    coordinators.set(key, (coordinator = new Coordinator(some as never)));
  }
  return coordinator;
}

/** The coordinator's shell, and that of the participants: the branch's row, and the transaction that is prepared. */
export const twoPhase: Flow = {
  begin: (world, planned) => coordinatorOf(world).begin(world, planned),
  cancel: (world, orderId) => coordinatorOf(world).cancel(world, orderId),

  handle(world, name, message) {
    if (name === 'orchestrator') return coordinatorOf(world).handle(world, message);
    const { type, subject: orderId, data, attempt = 1, deadline } = message;
    const operation = operationOf(name, type);
    if (operation === null) {
      for (const { to, answer } of world.command(name, message)) reply(world, name, to, answer);
    } else if (operation === 'prepare') {
      const deadlineAt = deadline === undefined ? null : Date.parse(deadline);
      advanced(world, name, orderId, { kind: 'prepare', attempt, order: data, deadlineAt });
    } else {
      advanced(world, name, orderId, { kind: operation, attempt });
    }
  },

  answered(world, name, answered) {
    for (const { to, answer } of answered) reply(world, name, to, answer);
  },

  timers: world => [
    ...coordinatorOf(world).timers(world),
    ...nodeNames.flatMap(node =>
      Object.values(world.node(node).branches).flatMap(branch => {
        const due = nextBranchDue(branch);
        return due === null ? [] : [{ node, orderId: branch.orderId, at: due.getTime() }];
      }),
    ),
  ],

  timer(world, name, orderId) {
    if (name === 'orchestrator') coordinatorOf(world).timer(world, orderId);
    else if (world.is('decided alone')) advanced(world, name, orderId, { kind: 'abort', attempt: 1 });
    else advanced(world, name, orderId, { kind: 'timer' });
  },

  work(world, name, task, fault) {
    const event = task.kind === 'report' ? null : ended(world, name, task);
    if (task.kind === 'report') return advanced(world, name, task.orderId, task.event);
    if (fault === 'lost') return report(world, name, task.orderId, { kind: 'failed', code: 'TIMEOUT' });
    if (event !== null) report(world, name, task.orderId, event);
  },

  /** It lists what is prepared under its own name, beside its rows, and goes on from there. */
  restarted(world, name) {
    const { prepared, branches } = world.node(name);
    for (const orderId of new Set([...Object.keys(prepared), ...Object.keys(branches)])) {
      advanced(world, name, orderId, { kind: 'looked', listed: orderId in prepared });
    }
  },

  resume: world => coordinatorOf(world).resume(world),
};

function operationOf(name: NodeName, type: string): 'prepare' | 'commit' | 'abort' | null {
  const branch = placeOrderTwoPhase.branches.find(branch => branch.name === name)!;
  return (['prepare', 'commit', 'abort'] as const).find(operation => branch[operation].type === type) ?? null;
}

/** The lane's transaction: the branch's row, what it answers and asks. What is to be done comes after its commit. */
function advanced(world: World, name: NodeName, orderId: string, event: BranchEvent): void {
  const node = world.node(name);
  const before = node.branches[orderId] ?? null;
  const { branch, effects } = advanceBranch(before, { orderId, name }, event, world.now);
  const late = world.is('branch not registered') && branch?.state.kind === 'registered';
  if (branch !== null && !late) node.branches[orderId] = branch;
  for (const effect of effects) {
    switch (effect.kind) {
      case 'do':
        node.tasks.push({ kind: 'do', orderId, order: effect.order });
        break;
      case 'end':
        node.tasks.push({ kind: 'end', orderId, outcome: effect.outcome });
        break;
      case 'answer': {
        const { operation, attempt, answer } = effect;
        const command = placeOrderTwoPhase.branches.find(branch => branch.name === name)![operation];
        reply(world, name, messageOf(command.type, {}, { from: name, orderId, step: name, attempt }), answer);
        break;
      }
      case 'ask': {
        const question = messageOf(
          askDecision.type,
          { branch: name, definition: placeOrderTwoPhase.name },
          { from: name, orderId },
        );
        world.send(name, topicOf(askDecision), question);
        break;
      }
      case 'alarm':
        world.alarm(`${effect.alarm}: ${effect.detail}`);
    }
  }
}

function report(world: World, name: NodeName, orderId: string, event: BranchEvent): void {
  world.node(name).tasks.push({ kind: 'report', orderId, event });
}

/** The database's side of a branch: what PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED do. */
function ended(world: World, name: NodeName, task: Exclude<Task, { kind: 'report' }>): BranchEvent | null {
  const node = world.node(name);
  const { orderId } = task;
  const prepared = node.prepared[orderId];
  if (task.kind === 'do') {
    // Its marker row is there already: a rollback came first, or it was done before.
    if (prepared !== undefined || node.markers[orderId] !== undefined) return null;
    const { input } = task.order as BranchOrder;
    const work = placeOrderTwoPhase.work[name]!;
    const outcome = participants[name]!.prepare(node, orderId, work, input);
    if (outcome === 'locked') return { kind: 'failed', code: 'TIMEOUT' };
    if ('refused' in outcome) return { kind: 'refused', code: outcome.refused };
    node.prepared[orderId] = outcome;
    return { kind: 'prepared' };
  }
  const marker = node.markers[orderId] ?? 'absent';
  if (prepared === undefined) {
    if (task.outcome === 'rollback' && marker === 'absent') node.markers[orderId] = 'blocked';
    return { kind: 'ended', found: false, marker };
  }
  if (task.outcome === 'rollback' && world.is('undo forgotten'))
    return { kind: 'ended', found: true, marker };
  delete node.prepared[orderId];
  if (task.outcome === 'commit') {
    apply(node, orderId, prepared);
    node.markers[orderId] = 'committed';
  }
  return { kind: 'ended', found: true, marker };
}
