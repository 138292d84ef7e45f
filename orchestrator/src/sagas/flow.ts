import type { Answer, Command, Protocol } from '@ballast/contracts';
import type * as saga from '@ballast/saga';
import type * as twoPhase from '@ballast/two-phase';
import type { z } from 'zod';
import type { Instance } from '../storage/instance.js';

export type Operation = saga.Operation | twoPhase.Operation;

/** What a message that answers a command is about. */
export interface Answered {
  /** The step of a saga, or the branch of a coordinator. */
  readonly step: string;
  readonly operation: Operation;
  readonly answer: z.ZodType<Answer>;
}

/** What happens to an instance, in the words of sagas. */
export type Event =
  | (Omit<Answered, 'answer'> & {
      readonly kind: 'answered';
      readonly attempt: number;
      readonly answer: Answer;
    })
  /** A participant that has prepared or reserved something asks what became of it. */
  | { readonly kind: 'asked'; readonly branch: string }
  | Exclude<saga.Event, { kind: 'answered' }>;

/** What the shell has to do, together with storing the instance. */
export type Effect =
  | Send
  | { readonly kind: 'tell'; readonly command: Command; readonly data: unknown }
  | {
      readonly kind: 'parked';
      readonly step: string;
      readonly operation: Operation;
      readonly reason: string;
    }
  | (saga.Effect & { readonly kind: 'ruled' })
  | (saga.Effect & { readonly kind: 'alarm' });

export interface Send {
  readonly kind: 'send';
  readonly step: string;
  readonly operation: Operation;
  readonly attempt: number;
  readonly command: Command;
  readonly data: unknown;
  readonly deadlineAt: number | null;
  /** The definition that tries: who is asked by it sets something aside, and asks about it. */
  readonly tcc?: string;
}

export interface Advanced {
  /** The very same object when nothing has changed. */
  readonly instance: Instance;
  readonly effects: readonly Effect[];
}

export interface Beginning {
  readonly id: string;
  /** Already checked against the definition's schema. */
  readonly input: unknown;
  readonly deadlineAt: number | null;
}

/** A definition and its engine, as a pass needs them: the same for every protocol that has a coordinator. */
export interface Flow {
  readonly protocol: Protocol;
  readonly name: string;
  readonly version: number;
  readonly input: z.ZodType;
  /** The steps, or the branches and what follows them, in order. */
  readonly steps: readonly string[];
  /** Those of the steps that are branches: they may ask for the decision. */
  readonly branches: readonly string[];
  /** By the type of the answer. A flow uses a command once, so that the type tells the step. */
  readonly answers: ReadonlyMap<string, Answered>;
  /** The type of the answer that nobody waits for. */
  readonly noticeAnswer: string | null;
  start(beginning: Beginning, now: number): Advanced;
  /** One that is undone before it begins. */
  startUndone(beginning: Beginning, reason: string, now: number): Advanced;
  advance(instance: Instance, event: Event, now: number): Advanced;
}
