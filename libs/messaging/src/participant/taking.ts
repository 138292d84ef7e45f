import type { OutsideCall } from '@ballast/contracts';
import type { Outgoing } from '../message.js';
import { isReaction, type Reacting, type Turn } from '../reactions/reacting.js';
import type { HeardItem } from '../reactions/hearing.js';
import type { Reply } from './barrier.js';
import type { Decider, Draft, Obstacle } from './decider.js';
import type { AnswerItem, CommandItem } from './items.js';
import type { Routes } from './routes.js';

/** What one item does, in the participant's records and in the order's reactions. */
export interface Taken<Own, Shared, Entry> {
  readonly kind: 'taken';
  readonly draft: Draft<Own, Shared, Entry>;
  readonly turn: Turn | null;
  /** The answers to coordinators. */
  readonly replies: readonly Reply[];
  /** What is announced. */
  readonly events: readonly Outgoing[];
}

/**
 * Takes one item through the barrier and the domain. An event's reactions are commands as a coordinator's are; what the
 * participant answers to them goes back to the reactions, and what it answers to a coordinator is a reply.
 * @param reacting null for a participant without reactions
 */
export function take<Own, Shared, Entry, Call extends OutsideCall>(
  item: CommandItem | HeardItem | AnswerItem,
  decider: Decider<Own, Shared, Entry, Call>,
  routes: Routes,
  reacting: Reacting | null,
): Taken<Own, Shared, Entry> | Obstacle {
  const draft = decider.begin(item.orderId);
  const turn = reacting?.begin(item.orderId, item.work.lane) ?? null;
  const replies: Reply[] = [];
  const asked: (CommandItem | AnswerItem)[] =
    item.kind === 'heard' ? commandsOf(turn!.hear(item), item, routes) : [item];
  for (const one of asked) {
    const before = draft.barriers;
    const answered = draft.replies.length;
    const decided = decider.decide(one, draft);
    if (decided.kind !== 'decided') return decided;
    for (const reply of draft.replies.slice(answered)) {
      if (turn === null || !isReaction(reply.to)) {
        replies.push(reply);
        continue;
      }
      // Only what has changed the barrier is news: a stored answer was announced when it was given.
      const { place } = routes.byType.get(reply.to.type)!;
      const changed = before[place] !== draft.barriers[place];
      asked.push(...commandsOf(turn.performed(reply, changed), item, routes));
    }
  }
  return { kind: 'taken', draft, turn, replies, events: turn?.send ?? [] };
}

/** As items: what reactions ask of their own participant was checked when the choreography was compiled. */
export function commandsOf(
  messages: readonly CommandItem['message'][],
  { work, orderId }: { readonly work: CommandItem['work']; readonly orderId: string },
  routes: Routes,
): CommandItem[] {
  return messages.map(message => {
    const route = routes.byType.get(message.type);
    if (route === undefined)
      throw new TypeError(`a reaction asks for ${message.type}, which is not handled here`);
    return { kind: 'command', work, orderId, route, message };
  });
}
