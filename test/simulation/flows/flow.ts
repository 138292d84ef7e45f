import { type Answer, answerType, type Command, repliesTopic } from '@ballast/contracts';
import type { Message } from '@ballast/messaging';
import type { Answered } from '../world/participants.js';
import type { PlannedOrder } from '../world/plan.js';
import type { NodeName, Task } from '../world/state.js';
import type { World } from '../world/world.js';

/** What the processes do under one protocol: each is a shell around its pure engine, as thin as can be. */
export interface Flow {
  /** The customer has placed an order; it is stored, and its first message is in the outbox. */
  begin(world: World, planned: PlannedOrder): void;
  cancel(world: World, orderId: string): void;
  /** A message, in one transaction: everything that it changes and sends is stored, or nothing is. */
  handle(world: World, node: NodeName, message: Message): void;
  /** A participant's operation was answered by an outside party, which settled these. */
  answered(world: World, node: NodeName, answered: readonly Answered[]): void;
  timers(world: World): Timer[];
  timer(world: World, node: NodeName, orderId: string): void;
  /** A task of a process's memory. `lost`: its outcome does not come back. */
  work(world: World, node: NodeName, task: Task, fault: 'lost' | null): void;
  /** A process has started again, with what it has stored. */
  restarted(world: World, node: NodeName): void;
  /** An operator's word to everything that is parked. */
  resume(world: World): void;
}

export interface Timer {
  readonly node: NodeName;
  readonly orderId: string;
  readonly at: number;
}

/** What is refused again and again is parked soon: nothing else would come of asking for longer. */
export const parkAfterAttempts = 4;

interface Addressed {
  readonly from: NodeName;
  readonly orderId: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly deadlineAt?: number | null;
}

/** A message whose content is its identity: two that say the same are the same state. */
export function messageOf(
  type: string,
  data: unknown,
  { from, orderId, step, attempt, deadlineAt = null }: Addressed,
): Message {
  return {
    id: `${type} ${attempt ?? 1}`,
    type,
    source: `/${from}`,
    time: '',
    subject: orderId,
    data,
    ...(step !== undefined && { step }),
    ...(attempt !== undefined && { attempt }),
    ...(deadlineAt !== null && { deadline: new Date(deadlineAt).toISOString() }),
  };
}

/** The answer to a coordinator's command. */
export function reply(world: World, from: NodeName, to: Message, answer: Answer): void {
  const { subject: orderId, step, attempt = 1 } = to;
  const about = { from, orderId, attempt, ...(step !== undefined && { step }) };
  world.send(from, repliesTopic, messageOf(answerType(to), answer, about));
}

/** The mutant that answers an undo without having done it. */
export const isForgotten = (world: World, { type }: Pick<Command, 'type'>): boolean =>
  type === 'inventory.release' && world.is('undo forgotten');

export const nothingToWork = () => {
  throw new Error('there are no branches in this protocol');
};
