import { type Answer, answerOf, answerType, type Command } from '@ballast/contracts';
import type { Definition, Operation } from '@ballast/saga';
import type { z } from 'zod';

/** What a message that answers a saga's command is about. */
export interface Answered {
  readonly step: string;
  readonly operation: Operation;
  readonly answer: z.ZodType<Answer>;
}

export interface KnownDefinition {
  readonly saga: Definition;
  /** By the type of the answer. A saga uses a command once, so that the type tells the step. */
  readonly answers: ReadonlyMap<string, Answered>;
  /** The type of the answer that nobody waits for. */
  readonly noticeAnswer: string | null;
}

/** The sagas that this process can run. Old versions stay here until their last instance has ended. */
export class Definitions {
  readonly #newest = new Map<string, KnownDefinition>();
  readonly #byVersion = new Map<string, KnownDefinition>();

  constructor(sagas: readonly Definition[]) {
    for (const saga of sagas) {
      const key = keyOf(saga.name, saga.version);
      if (this.#byVersion.has(key)) throw new TypeError(`two definitions of saga ${key}`);
      const known = knownOf(saga);
      this.#byVersion.set(key, known);
      if (saga.version > (this.#newest.get(saga.name)?.saga.version ?? 0)) this.#newest.set(saga.name, known);
    }
  }

  /** What a new instance runs. */
  newest(name: string): KnownDefinition | undefined {
    return this.#newest.get(name);
  }

  /** `place-order 1`, ... */
  get names(): string[] {
    return [...this.#byVersion.keys()].sort();
  }

  /** What an instance that has started goes on with. */
  of({ definition, version }: { definition: string; version: number }): KnownDefinition | undefined {
    return this.#byVersion.get(keyOf(definition, version));
  }
}

const keyOf = (name: string, version: number): string => `${name} ${version}`;

function knownOf(saga: Definition): KnownDefinition {
  const answers = new Map<string, Answered>();
  const add = (command: Command, step: string, operation: Operation) =>
    answers.set(answerType(command), { step, operation, answer: answerOf(command) });
  for (const step of saga.steps) {
    add(step.do, step.name, 'do');
    if (step.kind === 'undoable') add(step.undo, step.name, 'undo');
  }
  const notice = saga.whenCompensated;
  return { saga, answers, noticeAnswer: notice === null ? null : answerType(notice.tell) };
}
