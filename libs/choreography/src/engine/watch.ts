import { arbiterOf, type Choreography, pivotOf, type Reaction } from '../definition/definition.js';
import { Draft } from './draft.js';
import type { Progress } from './progress.js';

/** Asks the pivot's owner for the end, once. It alone decides whether that comes in time. */
export function request(draft: Draft, reason: 'CANCELLED' | 'DEADLINE'): void {
  const { choreography, watch } = draft;
  if (watch?.state !== 'running' || watch.requested !== null || draft.isDecided) return;
  draft.watch = { ...watch, requested: reason };
  draft.heardSomething();
  const event = reason === 'CANCELLED' ? choreography.cancelRequested : choreography.deadlinePassed;
  draft.emit(event, { reason });
}

/** Somebody else of the watcher's service has asked for the end, such as a customer over HTTP: it needs no asking again. */
export function requestHeard(draft: Draft, event: string): void {
  const { choreography, watch } = draft;
  if (watch?.state !== 'running' || watch.requested !== null || draft.isDecided) return;
  if (event === choreography.cancelRequested.type) draft.watch = { ...watch, requested: 'CANCELLED' };
  if (event === choreography.deadlinePassed.type) draft.watch = { ...watch, requested: 'DEADLINE' };
}

/** The watcher's timer: the deadline, and later the silence. */
export function lookAfter(draft: Draft): void {
  if (draft.watch?.state !== 'running') return;
  if (draft.deadlinePassed) request(draft, 'DEADLINE');
  const { watch, choreography } = draft;
  const waits = draft.isDecided || watch.requested !== null;
  if (!waits || watch.parked !== null || draft.now < watch.heardAt + choreography.patience.quietMs) return;
  const reason = `waits for ${missing(draft).join(', ')}`;
  draft.watch = { ...watch, parked: reason };
  draft.effects.push({ kind: 'parked', reason });
}

/** The events that the order's end, or the decision about it, still lacks; nothing once it has ended. */
export function waitsFor(choreography: Choreography, progress: Progress): readonly string[] {
  return progress.watch?.state === 'running' ? missing(new Draft(choreography, progress, 0)) : [];
}

/** What the order's next end, or the decision, still lacks. */
function missing(draft: Draft): string[] {
  const { choreography } = draft;
  const pivot = pivotOf(choreography);
  const arbiter = arbiterOf(choreography);
  const lacks = ({ on, command }: Reaction) => {
    const events = on.events.filter(event => !draft.hasHeard(event)).map(({ type }) => type);
    return events.length > 0 ? events : [command.type];
  };
  const endOf = (kind: Reaction['kind']) => choreography.reactions.find(reaction => reaction.kind === kind)!;
  if (draft.hasHeard(pivot.then!)) return lacks(endOf('completes'));
  if (draft.hasHeard(arbiter.then!)) return lacks(endOf('cancels'));
  return [`${pivot.then!.type} or ${arbiter.then!.type}`];
}
