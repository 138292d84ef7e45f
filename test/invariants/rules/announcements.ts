import {
  orderCancelRequested,
  orderDeadlinePassed,
  orderOperatorCommands,
  orderPlaced,
  orderResumeRequested,
} from '@ballast/contracts';
import { type Reaction, reactionsOf } from '@ballast/choreography';
import type { Dossier } from '../reading/dossier.js';
import { choreography } from '../reading/flow.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the events of choreographed orders on the topics, and what their participants remember. An event stands for what
 * its participant did, and was announced once; whoever reacts to it has heard it.
 */
export const eventsAreHeard: Rule = {
  name: 'every event is announced once by who did it, and heard by everybody who reacts to it',
  of: ['choreographed'],
  needs: ['completed', 'cancelled'],
  order(dossier, notes) {
    const { id, messages } = dossier;
    const counts = new Map<string, number>();
    for (const { type } of messages) counts.set(type, (counts.get(type) ?? 0) + 1);
    notes.count('events', messages.length);
    notes.count(
      'doubles',
      messages.reduce((sum, { copies }) => sum + copies - 1, 0),
    );
    if (counts.get(orderPlaced.type) !== 1)
      notes.violate(id, `${counts.get(orderPlaced.type) ?? 0} messages start its flow, not one`);
    for (const [type, count] of counts) {
      const announcer = announcers.get(type);
      if (announcer === undefined && !asked.has(type)) notes.violate(id, `nobody here announces ${type}`);
      if (announcer === undefined) continue;
      if (count > 1) notes.violate(id, `${type} was announced ${count} times`);
      checkAnnounced(dossier, type, announcer, notes);
    }
    for (const type of counts.keys()) checkHeard(dossier, type, notes);
  },
};

/** Whose outcome an event is. */
const announcers = new Map<string, Reaction>(
  choreography.reactions.flatMap((reaction): [string, Reaction][] =>
    [reaction.then, reaction.orElse].flatMap(event => (event === null ? [] : [[event.type, reaction]])),
  ),
);

/** What customers, the deadline and operators ask for; the watcher and a request may both ask. */
const asked: ReadonlySet<string> = new Set(
  [
    orderPlaced,
    orderCancelRequested,
    orderDeadlinePassed,
    orderResumeRequested,
    ...Object.values(orderOperatorCommands),
  ].map(({ type }) => type),
);

function checkAnnounced({ id, reactions }: Dossier, type: string, announcer: Reaction, notes: Notes): void {
  const row = reactions.find(({ participant }) => participant === announcer.participant);
  const state = row?.reactions[announcer.command.type];
  const right = type === announcer.then?.type ? ['done'] : ['rejected', 'aborted'];
  if (row !== undefined && !right.includes(state?.is ?? ''))
    notes.violate(id, `${type} was announced, and ${announcer.command.type} is ${state?.is ?? 'not begun'}`);
}

function checkHeard({ id, reactions }: Dossier, type: string, notes: Notes): void {
  if (type === orderResumeRequested.type) return;
  for (const { participant, facts } of reactions) {
    const waits = reactionsOf(choreography, participant).some(({ on }) =>
      on.events.some(one => one.type === type),
    );
    if (!waits) continue;
    notes.count('heard');
    if (!facts.some(({ event }) => event === type)) notes.violate(id, `${participant} has not heard ${type}`);
  }
}
