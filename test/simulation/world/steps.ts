import type { Message, Outgoing } from '@ballast/messaging';
import { beginsAt } from './plan.js';
import { type Call, type Node, type NodeName, nodeNames, type Task } from './state.js';
import type { World } from './world.js';

/** One thing that may happen next. */
export interface Step {
  /** The process that takes it: nothing of the others is changed. Null when it is time that passes. */
  readonly at: NodeName | null;
  /** Whose message it is about; the process's own affair where it is not said. */
  readonly from?: string;
  /** For a story: what happens, in words. Asked before the step is taken. */
  readonly label: () => string;
  readonly take: () => void;
  /** It may be why an order is cancelled. */
  readonly disturbs?: boolean;
}

/** What happens by itself, sooner or later. */
export function ordinarySteps(world: World): Step[] {
  const steps: Step[] = [];
  for (const at of nodeNames) {
    const node = world.node(at);
    if (!node.up) continue;
    if (node.outbox.length > 0) {
      const label = () => `${at} publishes ${typesOf(node.outbox)}`;
      steps.push({ at, label, take: () => world.publish(at) });
    }
    for (const [index, task] of node.tasks.entries()) {
      steps.push({ at, label: () => `${at}: ${shownTask(task)}`, take: () => world.work(at, index) });
    }
    for (const call of openCalls(node)) {
      const label = () => `${at} asks ${call.call.party} to ${call.call.operation} for ${call.orderId}`;
      steps.push({ at, label, take: () => world.ask(at, call) });
    }
  }
  for (const [way, messages] of Object.entries(world.state.ways)) {
    const [at, orderId] = readerOf(way);
    if (!world.node(at).up) continue;
    const label = () => `${at} takes ${shownMessage(messages[0]!)} of ${orderId}`;
    steps.push({ at, from: messages[0]!.source, label, take: () => world.deliver(at, way) });
  }
  return steps;
}

/** Timers that are due by now. */
export const dueSteps = (world: World): Step[] =>
  world
    .timers()
    .filter(({ at, node }) => at <= world.now && world.node(node).up)
    .map(({ node, orderId }) => ({
      at: node,
      label: () => `the timer of ${orderId} at ${node}`,
      take: () => world.timer(node, orderId),
    }));

/** Time passes, to the next timer that is not due yet. */
export function waitSteps(world: World): Step[] {
  const next = Math.min(...world.timers().map(({ at }) => (at > world.now ? at : Infinity)));
  if (next === Infinity) return [];
  const label = () => `${(next - beginsAt) / 1_000} s after the beginning`;
  return [{ at: null, label, take: () => (world.state.now = next), disturbs: true }];
}

/** A message that comes twice, now or later, because its sender or its reader has forgotten that it had it. */
export function duplicateSteps(world: World): Step[] {
  const again = Object.entries(world.state.ways).map(([way, messages]): Step => {
    const [at, orderId] = readerOf(way);
    const label = () => `${at} will take ${shownMessage(messages[0]!)} of ${orderId} twice`;
    return { at, from: messages[0]!.source, label, take: () => world.repeat(way) };
  });
  const sending = nodeNames.filter(name => world.node(name).up && world.node(name).outbox.length > 0);
  const sentTwice = sending.flatMap((at): Step[] => {
    const { outbox } = world.node(at);
    return [
      {
        at,
        label: () => `${at} publishes ${typesOf(outbox)}, and forgets that it has`,
        take: () => world.publishAndForget(at, Infinity),
      },
      {
        at,
        label: () => `${at} publishes ${typesOf(outbox.slice(0, 1))}, and loses the rest: all is sent again`,
        take: () => world.publishAndForget(at, 1),
      },
    ];
  });
  return [...again, ...sentTwice];
}

export const crashSteps = (world: World): Step[] =>
  nodeNames
    .filter(name => world.node(name).up)
    .map(at => ({
      at,
      label: () => `${at} crashes`,
      take: () => world.crash(at),
      // Whoever is prepared asks when he starts again, and a coordinator that has not decided aborts.
      disturbs: world.plan.protocol === 'two-phase',
    }));

export const restartSteps = (world: World): Step[] =>
  nodeNames
    .filter(name => !world.node(name).up)
    .map(at => ({ at, label: () => `${at} starts again`, take: () => world.restart(at) }));

/** As one step: a process that is down only makes everybody wait for it. */
export const crashAndRestartSteps = (world: World): Step[] =>
  nodeNames.map(at => ({
    at,
    label: () => `${at} crashes and starts again`,
    take: () => {
      world.crash(at);
      world.restart(at);
    },
  }));

/** The connection is lost while a branch is being prepared: nobody knows whether it is. */
export const lostConnectionSteps = (world: World): Step[] =>
  nodeNames.flatMap(at =>
    [...world.node(at).tasks.entries()]
      .filter(([, { kind }]) => kind === 'do')
      .map(([index, task]) => ({
        at,
        label: () => `${at}: ${shownTask(task)}, and its connection is lost`,
        take: () => world.work(at, index, 'lost'),
        disturbs: true,
      })),
  );

export const cancelSteps = (world: World): Step[] =>
  world.plan.orders
    .filter(({ id }) => !world.state.happened.cancelled.includes(id) && world.node('order').up)
    .map(({ id }) => ({
      at: 'order',
      label: () => `the customer cancels ${id}`,
      take: () => world.cancel(id),
      disturbs: true,
    }));

const readerOf = (way: string): [NodeName, string] => {
  const [name, , orderId] = way.split('|') as [NodeName, string, string];
  return [name, orderId];
};

const openCalls = ({ calls }: Node): Call[] => Object.values(calls).filter(({ answer }) => answer === null);

const typesOf = (outbox: readonly Outgoing[]): string =>
  outbox.map(({ message }) => `${shownMessage(message)} of ${message.subject}`).join(', ');

function shownMessage({ type, attempt, data }: Message): string {
  const { outcome, code } = (data ?? {}) as { outcome?: string; code?: string };
  const answer = outcome === undefined ? '' : ` (${code ?? outcome})`;
  return `${type}${answer}${attempt !== undefined && attempt > 1 ? ` #${attempt}` : ''}`;
}

function shownTask(task: Task): string {
  switch (task.kind) {
    case 'do':
      return `prepares ${task.orderId}`;
    case 'end':
      return `${task.outcome === 'commit' ? 'commits' : 'rolls back'} what is prepared of ${task.orderId}`;
    case 'report':
      return `writes down that ${task.orderId} is ${task.event.kind}`;
  }
}
