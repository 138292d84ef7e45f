import { answerOf, answerType, type Command } from '@ballast/contracts';
import {
  advance,
  type Advanced as Coordinated,
  type Definition,
  type Effect as CoordinatorEffect,
  type Event as CoordinatorEvent,
  type Operation,
  start,
  startAborted,
  type TwoPhaseDefinition,
} from '@ballast/two-phase';
import type { Advanced, Answered, Beginning, Effect, Event, Flow } from '../sagas/flow.js';
import type { Coordinated as Instance } from '../storage/instance.js';
import { recorded } from './history.js';

/**
 * The engine of a coordinator, of try-confirm-cancel or two-phase commit, as a pass needs it. The decision is in the
 * instance, which is committed together with the messages that follow from it, and they leave after that commit: nobody
 * is told to commit before it is durable that everybody is.
 */
export function coordinatorFlow(definition: Definition): Flow {
  const { protocol, name, version, input } = definition;
  const branches = definition.branches.map(branch => branch.name);
  const steps = [...branches, ...definition.afterwards.map(step => step.name)];
  const notice = definition.whenAborted;
  const kept = (next: Coordinated, before: Instance | null, event: CoordinatorEvent | null, now: number) =>
    advanced(definition, next, recorded({ steps, branches }, next, before, event, now), before);
  return {
    protocol,
    name,
    version,
    input,
    steps,
    branches,
    answers: answersOf(definition),
    noticeAnswer: notice === null ? null : answerType(notice.tell),
    start(beginning, now) {
      const code = unpreparable(definition, beginning);
      const begun =
        code === null ? start(definition, beginning, now) : startAborted(definition, beginning, code, now);
      return kept(begun, null, null, now);
    },
    startUndone: (beginning, reason, now) =>
      kept(startAborted(definition, beginning, reason, now), null, null, now),
    advance(instance, event, now) {
      const before = instance as Instance;
      const happened = eventOf(event);
      return kept(advance(definition, before, happened, now), before, happened, now);
    },
  };
}

function answersOf({ branches, afterwards }: Definition): Map<string, Answered> {
  const answers = new Map<string, Answered>();
  const add = (command: Command, step: string, operation: Operation) =>
    answers.set(answerType(command), { step, operation, answer: answerOf(command) });
  for (const branch of branches) {
    for (const operation of ['prepare', 'commit', 'abort'] as const)
      add(branch[operation], branch.name, operation);
  }
  for (const step of afterwards) add(step.do, step.name, 'do');
  return answers;
}

/** Whoever takes orders in has refused it already; nobody is asked to prepare what no participant can. */
const unpreparable = (definition: Definition, { input }: Beginning): string | null =>
  'unpreparable' in definition ? (definition as TwoPhaseDefinition).unpreparable(input) : null;

function eventOf(event: Event): CoordinatorEvent {
  switch (event.kind) {
    case 'answered': {
      const { step: part, operation, attempt, answer } = event;
      return { kind: 'answered', part, operation: operation as Operation, attempt, answer };
    }
    case 'asked':
      return { kind: 'asked', part: event.branch };
    case 'operator':
      return { kind: 'operator', action: event.action, id: event.id, part: event.step };
    case 'timer':
    case 'cancel':
      return event;
  }
}

function advanced(
  definition: Definition,
  next: Coordinated,
  history: string,
  before: Instance | null,
): Advanced {
  const isUnchanged = before !== null && next.instance === before && history === before.history;
  return {
    instance: isUnchanged ? before : { ...next.instance, history },
    effects: next.effects.flatMap(effect => effectOf(definition, effect)),
  };
}

function effectOf({ protocol, name }: Definition, effect: CoordinatorEffect): Effect[] {
  switch (effect.kind) {
    case 'send': {
      const { part: step, operation, ...send } = effect;
      const isTried = protocol === 'tcc' && operation !== 'do';
      return [{ ...send, step, operation, ...(isTried && { tcc: name }) }];
    }
    case 'parked':
    case 'alarm':
      return [{ ...effect, step: effect.part }];
    case 'tell':
    case 'ruled':
      return [effect];
    case 'decided':
    case 'finished':
      return [];
  }
}
