import { answerOf, answerType, type Command } from '@ballast/contracts';
import {
  advance,
  type Advanced as AdvancedSaga,
  type Definition,
  type Effect as SagaEffect,
  type Event as SagaEvent,
  type Instance as SagaInstance,
  type Operation,
  start,
  startCompensated,
} from '@ballast/saga';
import type { Advanced, Answered, Effect, Flow } from './flow.js';

/** A saga's engine, as a pass needs it. */
export function sagaFlow(saga: Definition): Flow {
  const answers = new Map<string, Answered>();
  const add = (command: Command, step: string, operation: Operation) =>
    answers.set(answerType(command), { step, operation, answer: answerOf(command) });
  for (const step of saga.steps) {
    add(step.do, step.name, 'do');
    if (step.kind === 'undoable') add(step.undo, step.name, 'undo');
  }
  const notice = saga.whenCompensated;
  return {
    protocol: 'orchestrated',
    name: saga.name,
    version: saga.version,
    input: saga.input,
    steps: saga.steps.map(({ name }) => name),
    branches: [],
    answers,
    noticeAnswer: notice === null ? null : answerType(notice.tell),
    start: (beginning, now) => advanced(start(saga, beginning, now)),
    startUndone: (beginning, reason, now) => advanced(startCompensated(saga, beginning, reason, now)),
    advance(instance, event, now) {
      if (event.kind === 'asked') throw new TypeError(`${saga.name} has no branches that could ask`);
      return advanced(advance(saga, instance as SagaInstance, event as SagaEvent, now));
    },
  };
}

const advanced = ({ instance, effects }: AdvancedSaga): Advanced => ({
  instance,
  effects: effects.every(isOfPass) ? effects : effects.filter(isOfPass),
});

const isOfPass = (effect: SagaEffect): effect is SagaEffect & Effect => effect.kind !== 'finished';
