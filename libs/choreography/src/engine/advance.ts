import type { Choreography, Reaction } from '../definition/definition.js';
import { reactionsOf, watcherOf } from '../definition/definition.js';
import { Draft } from './draft.js';
import type { Advanced, Event } from './event.js';
import type { Instant, Progress } from './progress.js';
import { performed } from './performed.js';
import { lookAfter, request, requestHeard } from './watch.js';

/** What a participant knows of an order that it has heard nothing of. The shell begins with it at any first event. */
export function begin(choreography: Choreography, participant: string, id: string, now: Instant): Progress {
  const watches = participant === watcherOf(choreography);
  return {
    id,
    choreography: choreography.name,
    version: choreography.version,
    participant,
    deadlineAt: null,
    facts: [],
    reactions: {},
    watch: watches ? { state: 'running', requested: null, heardAt: now, parked: null } : null,
  };
}

/** Pure: the same progress, event and time always give the same answer. */
export function advance(
  choreography: Choreography,
  progress: Progress,
  event: Event,
  now: Instant,
): Advanced {
  if (progress.choreography !== choreography.name || progress.version !== choreography.version) {
    throw new TypeError(
      `order ${progress.id} of ${progress.choreography} ${progress.version} was advanced as ${choreography.name} ${choreography.version}`,
    );
  }
  const draft = new Draft(choreography, progress, now);
  take(draft, event);
  react(draft);
  return draft.seal();
}

/** When the progress has to be looked at again, if nothing comes before: its one timer. */
export function nextDue(choreography: Choreography, progress: Progress): Date | null {
  let next = Infinity;
  for (const state of Object.values(progress.reactions)) {
    if (state.is === 'waiting') next = Math.min(next, state.dueAt);
  }
  const { watch, deadlineAt } = progress;
  if (watch?.state === 'running' && watch.parked === null) {
    const asked = new Draft(choreography, progress, 0);
    if (!asked.isDecided && watch.requested === null) next = Math.min(next, deadlineAt ?? Infinity);
    else next = Math.min(next, watch.heardAt + choreography.patience.quietMs);
  }
  return next === Infinity ? null : new Date(next);
}

function take(draft: Draft, event: Event): void {
  switch (event.kind) {
    case 'heard':
      return heard(draft, event);
    case 'performed':
      return performed(draft, event);
    case 'timer':
      for (const [command, state] of Object.entries(draft.reactions)) {
        if (state.is === 'waiting' && state.dueAt <= draft.now) performAgain(draft, command);
      }
      return lookAfter(draft);
    case 'cancel':
      return request(draft, 'CANCELLED');
    case 'resume':
      if (draft.watch === null) return;
      draft.heardSomething();
      return draft.emit(draft.choreography.resumeRequested, {});
  }
}

function heard(draft: Draft, { event, data, deadlineAt }: Event & { kind: 'heard' }): void {
  if (event === draft.choreography.resumeRequested.type) {
    for (const [command, state] of Object.entries(draft.reactions)) {
      if (state.is === 'stuck' || state.is === 'waiting') performAgain(draft, command);
    }
    return;
  }
  draft.remember({ event, data }, deadlineAt);
  requestHeard(draft, event);
}

/** Whatever is complete by now and has not begun yet, in the definition's order. */
function react(draft: Draft): void {
  for (const reaction of reactionsOf(draft.choreography, draft.progress.participant)) {
    if (draft.reactions[reaction.command.type] !== undefined) continue;
    const facts = draft.factsFor(reaction);
    if (facts !== null) draft.perform(reaction, facts, 1);
  }
}

function performAgain(draft: Draft, command: string): void {
  const reaction = draft.reaction(command) as Reaction;
  const state = draft.reactions[command]!;
  draft.perform(reaction, draft.factsFor(reaction)!, 'attempts' in state ? state.attempts + 1 : 1);
}
