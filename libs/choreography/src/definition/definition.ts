import type { Command, EventType } from '@ballast/contracts';
import type { Patience } from './patience.js';

/**
 * A choreography as its engine reads it: data, with the types erased. Nobody conducts; each participant hears events
 * and reacts to them with an operation of its own, whose outcome is the next event.
 */
export interface Choreography {
  readonly name: string;
  /** An order keeps the version that it began with. */
  readonly version: number;
  /** The event that begins it. Its owner watches the order: it owns the deadline and knows the whole state. */
  readonly begins: EventType;
  /** How the owner asks for an end before the pivot. Both are requests, and the pivot's owner decides. */
  readonly cancelRequested: EventType;
  readonly deadlinePassed: EventType;
  /** An operator's word: everybody tries again what he has given up. */
  readonly resumeRequested: EventType;
  readonly reactions: readonly Reaction[];
  readonly patience: Patience;
}

/** What one participant does when it has heard what it waits for. */
export interface Reaction {
  readonly on: Trigger;
  readonly participant: string;
  readonly kind: ReactionKind;
  readonly command: Command;
  /** The command's data, from the data of the trigger's events, in their order. */
  readonly with: (...facts: never[]) => unknown;
  /** Announced when it has succeeded; null at the end. */
  readonly then: EventType | null;
  /** Announced when it was rejected; null for what may not reject. */
  readonly orElse: EventType | null;
  /** For an undo: the command that it takes back. */
  readonly of: Command | null;
}

export type ReactionKind = 'do' | 'pivot' | 'must-finish' | 'undo' | 'completes' | 'cancels';

export interface Trigger {
  /** `any`: the first one that comes. */
  readonly kind: 'all' | 'any';
  readonly events: readonly EventType[];
}

/** The participant whose operation is the pivot. */
export const pivotOf = ({ reactions }: Choreography): Reaction =>
  reactions.find(({ kind }) => kind === 'pivot')!;

/** The answer to every failure: the undo on the pivot's side, which decides whether the failure comes in time. */
export const arbiterOf = (choreography: Choreography): Reaction => {
  const { participant } = pivotOf(choreography);
  return choreography.reactions.find(
    reaction => reaction.kind === 'undo' && reaction.participant === participant,
  )!;
};

/** The service that announces the beginning: it watches the order. */
export const watcherOf = ({ begins }: Choreography): string => ownerOfType(begins.type);

export const reactionsOf = ({ reactions }: Choreography, participant: string): readonly Reaction[] =>
  reactions.filter(reaction => reaction.participant === participant);

/**
 * The events that a participant has to hear: those that it reacts to, and an operator's word. The watcher hears
 * everything.
 */
export function heardBy(choreography: Choreography, participant: string): readonly EventType[] {
  const events =
    participant === watcherOf(choreography)
      ? eventsOf(choreography)
      : reactionsOf(choreography, participant).flatMap(({ on }) => on.events);
  return [...new Set([...events, choreography.resumeRequested])];
}

/** Every event of the choreography, from its beginning on. */
export function eventsOf({
  begins,
  cancelRequested,
  deadlinePassed,
  reactions,
}: Choreography): readonly EventType[] {
  const announced = reactions.flatMap(({ then, orElse }) => [then, orElse]).filter(event => event !== null);
  return [...new Set([begins, cancelRequested, deadlinePassed, ...announced])];
}

const ownerOfType = (type: string): string => type.slice(0, type.indexOf('.'));
