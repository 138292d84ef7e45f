import { type EventType, ownerOf } from '@ballast/contracts';
import { arbiterOf, type Choreography, eventsOf, pivotOf, type Reaction, watcherOf } from './definition.js';

/** Throws what the compiler can't see: whatever would leave an order hanging, or undo less than was done. */
export function checked(choreography: Choreography): Choreography {
  const { name, version, reactions } = choreography;
  const refuse = (why: string): never => {
    throw new TypeError(`choreography ${name}: ${why}`);
  };
  if (!/^.{1,64}$/.test(name)) refuse('a name has 1 to 64 characters');
  if (!Number.isInteger(version) || version < 1) refuse(`version ${version} is not 1 or more`);
  const problem =
    commandsProblem(reactions) ??
    pivotProblem(choreography) ??
    eventsProblem(choreography) ??
    undoProblem(choreography) ??
    endsProblem(choreography) ??
    cycleProblem(choreography) ??
    orderProblem(choreography);
  if (problem !== null) refuse(problem);
  return Object.freeze(choreography);
}

function commandsProblem(reactions: readonly Reaction[]): string | null {
  const seen = new Set<string>();
  for (const { command, participant } of reactions) {
    // The participants' barrier knows an operation by order and command: the second would get the first's answer.
    if (seen.has(command.type)) return `${command.type} is used twice`;
    seen.add(command.type);
    if (ownerOf(command) !== participant) return `${command.type} is no operation of ${participant}`;
  }
  return null;
}

function pivotProblem(choreography: Choreography): string | null {
  const pivots = choreography.reactions.filter(({ kind }) => kind === 'pivot');
  if (pivots.length !== 1) return `there is one pivot, not ${pivots.length}`;
  const { participant, orElse } = pivotOf(choreography);
  const arbiters = choreography.reactions.filter(
    reaction => reaction.kind === 'undo' && reaction.participant === participant,
  );
  if (arbiters.length !== 1) return `${participant}, who owns the pivot, answers every failure with one undo`;
  // Every failure is a request to the pivot's owner: without that arbiter, what was taken is given back.
  const failures = choreography.reactions.map(reaction => reaction.orElse).filter(event => event !== null);
  const asked = new Set(arbiters[0]!.on.events);
  const unheard = [choreography.cancelRequested, choreography.deadlinePassed, ...failures, orElse!].find(
    event => !asked.has(event),
  );
  if (unheard !== undefined) return `${participant}, who owns the pivot, does not hear ${unheard.type}`;
  return arbiters[0]!.on.kind === 'any' ? null : `${participant} has to answer the first failure that comes`;
}

function eventsProblem(choreography: Choreography): string | null {
  const { reactions } = choreography;
  const heard = new Set(reactions.flatMap(({ on }) => on.events));
  const unheard = eventsOf(choreography).find(event => !heard.has(event));
  if (unheard !== undefined) return `nobody reacts to ${unheard.type}`;
  const announced = new Map<EventType, Reaction>();
  for (const reaction of reactions) {
    for (const event of [reaction.then, reaction.orElse]) {
      if (event === null) continue;
      if (announced.has(event)) return `${event.type} is announced twice`;
      if (ownerOf(event) !== reaction.participant)
        return `${event.type} is no event of ${reaction.participant}`;
      announced.set(event, reaction);
    }
  }
  const fromOutside = [choreography.begins, choreography.cancelRequested, choreography.deadlinePassed];
  const unsaid = [...heard].find(event => !announced.has(event) && !fromOutside.includes(event));
  return unsaid === undefined ? null : `nobody announces ${unsaid.type}`;
}

/** Every do has an undo, by its own participant, that the arbiter's answer leads to. */
function undoProblem(choreography: Choreography): string | null {
  const { reactions } = choreography;
  const arbiter = arbiterOf(choreography);
  for (const { command, participant } of reactions.filter(({ kind }) => kind === 'do')) {
    const undos = reactions.filter(({ of }) => of === command);
    if (undos.length !== 1) return `${command.type} has ${undos.length} undos, and needs one`;
    if (undos[0]!.participant !== participant) return `${command.type} is undone by somebody else`;
    if (undos[0] !== arbiter && !waitsFor(undos[0]!, arbiter.then!))
      return `${undos[0]!.command.type} does not wait for ${arbiter.then!.type}: it would undo what may be captured yet`;
  }
  return null;
}

/** Of any events, the first one that comes is enough: it waits for none of them, unless there is only one. */
const waitsFor = ({ on }: Reaction, event: EventType): boolean =>
  on.events.includes(event) && (on.kind === 'all' || on.events.length === 1);

/** One good end and one bad one, both the watcher's; the bad one waits for every undo. */
function endsProblem(choreography: Choreography): string | null {
  const { reactions } = choreography;
  for (const kind of ['completes', 'cancels'] as const) {
    const ends = reactions.filter(reaction => reaction.kind === kind);
    if (ends.length !== 1) return `there is one reaction that ${kind}, not ${ends.length}`;
    if (ends[0]!.participant !== watcherOf(choreography))
      return `${ends[0]!.command.type} ends the order, which is not ${ends[0]!.participant}'s`;
    const awaited = kind === 'completes' ? 'must-finish' : 'undo';
    const forgotten = reactions.find(
      reaction => reaction.kind === awaited && !waitsFor(ends[0]!, reaction.then!),
    );
    if (forgotten !== undefined) return `${ends[0]!.command.type} does not wait for ${forgotten.then!.type}`;
  }
  return null;
}

function cycleProblem({ reactions }: Choreography): string | null {
  const next = (event: EventType): EventType[] =>
    reactions
      .filter(({ on }) => on.events.includes(event))
      .flatMap(({ then, orElse }) => [then, orElse])
      .filter(event => event !== null);
  const visit = (event: EventType, path: readonly EventType[]): string | null => {
    if (path.includes(event)) {
      return `a cycle: ${[...path.slice(path.indexOf(event)), event].map(({ type }) => type).join(' -> ')}`;
    }
    for (const follower of next(event)) {
      const found = visit(follower, [...path, event]);
      if (found !== null) return found;
    }
    return null;
  };
  for (const event of new Set(reactions.flatMap(({ on }) => on.events))) {
    const found = visit(event, []);
    if (found !== null) return found;
  }
  return null;
}

/** Nothing is undone after the pivot, and only what was done before it is: what may fail has its place before, what must finish after it. */
function orderProblem(choreography: Choreography): string | null {
  const { reactions } = choreography;
  const pivot = pivotOf(choreography);
  const beforePivot = certainBefore(reactions, pivot);
  const open = reactions.find(({ kind, then }) => kind === 'do' && !beforePivot.has(then!));
  if (open !== undefined)
    return `${pivot.command.type}, the pivot, does not wait for ${open.then!.type}: ${open.command.type} could fail after it`;
  const early = reactions.find(
    reaction => reaction.kind === 'must-finish' && !certainBefore(reactions, reaction).has(pivot.then!),
  );
  if (early === undefined) return null;
  return `${early.command.type} has to finish, and does not wait for ${pivot.then!.type}: nobody would undo it`;
}

/** The events that must have happened when a reaction has heard what it waits for. There is no cycle. */
function certainBefore(reactions: readonly Reaction[], { on }: Reaction): ReadonlySet<EventType> {
  const ways = on.events.map(event => {
    const announcer = reactions.find(({ then, orElse }) => then === event || orElse === event);
    return new Set([event, ...(announcer === undefined ? [] : certainBefore(reactions, announcer))]);
  });
  const onAnyWay = new Set(ways.flatMap(way => [...way]));
  if (on.kind === 'all') return onAnyWay;
  return new Set([...onAnyWay].filter(event => ways.every(way => way.has(event))));
}
