import type { EventType } from '@ballast/contracts';
import { type Choreography, eventsOf, type Reaction } from './definition.js';

/**
 * Who reacts to what, as a Mermaid flowchart: a box for each participant with its operations in it, an arrow for each
 * event from where it is announced to where it is heard. Dotted arrows are failures and what follows from them.
 */
export function diagramOf(choreography: Choreography): string {
  const { reactions } = choreography;
  const participants = [...new Set(reactions.map(({ participant }) => participant))];
  const outside = [choreography.begins, choreography.cancelRequested, choreography.deadlinePassed];
  const lines = ['flowchart LR', ...outside.map(event => `  ${idOf(event)}(["${event.type}"])`)];
  for (const participant of participants) {
    lines.push(`  subgraph ${participant}`);
    for (const { command, kind } of reactions.filter(reaction => reaction.participant === participant)) {
      lines.push(`    ${idOf(command)}${shapeOf(kind, command.type)}`);
    }
    lines.push('  end');
  }
  for (const event of eventsOf(choreography)) {
    const from = reactions.find(({ then, orElse }) => then === event || orElse === event);
    for (const to of reactions.filter(({ on }) => on.events.includes(event))) {
      lines.push(`  ${arrow(event, from, to)}`);
    }
  }
  return lines.join('\n');
}

function arrow(event: EventType, from: Reaction | undefined, to: Reaction): string {
  const failing = to.kind === 'undo' || to.kind === 'cancels';
  if (from === undefined) return `${idOf(event)} ${failing ? '-.->' : '-->'} ${idOf(to.command)}`;
  const label = `"${event.type}"`;
  return `${idOf(from.command)} ${failing ? `-. ${label} .->` : `-- ${label} -->`} ${idOf(to.command)}`;
}

function shapeOf(kind: Reaction['kind'], text: string): string {
  switch (kind) {
    case 'pivot':
      return `{{"${text}"}}`;
    case 'completes':
    case 'cancels':
      return `(["${text}"])`;
    default:
      return `["${text}"]`;
  }
}

/** Mermaid takes letters, digits and underscores. */
const idOf = ({ type }: { type: string }): string => type.replaceAll(/[^a-z0-9]/gi, '_');
