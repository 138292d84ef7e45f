import type { Answer, Command } from '@ballast/contracts';
import type { Instance, Instant } from './instance.js';
import type { OperatorAction } from './operator.js';

export type Operation = 'do' | 'undo';

/** What happens to an instance. */
export type Event =
  /** A participant has answered one attempt of a step. */
  | {
      readonly kind: 'answered';
      readonly step: string;
      readonly operation: Operation;
      readonly attempt: number;
      readonly answer: Answer;
    }
  /** Time has passed: whatever is due by now is handled. */
  | { readonly kind: 'timer' }
  /** Honoured before the pivot is sent, ignored from then on. */
  | { readonly kind: 'cancel' }
  /** An operator interferes: the effect `ruled` says whether it was done. */
  | {
      readonly kind: 'operator';
      readonly action: OperatorAction;
      /** Of the action: the history refers to it, and so does the ruling. */
      readonly id: string;
      /** Of force-forward: which of the steps that are stuck, and the reply that it counts as having given. */
      readonly step?: string | undefined;
      readonly reply?: unknown;
    };

export interface Advanced<Input = unknown> {
  /** The very same object when nothing has changed. */
  readonly instance: Instance<Input>;
  readonly effects: readonly Effect[];
}

/** What the shell has to do, in this order, together with storing the instance. Message ids are the shell's. */
export type Effect =
  | Send
  /** A command that no step waits for: the definition's `whenCompensatedTell`. */
  | { readonly kind: 'tell'; readonly command: Command; readonly data: unknown }
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  /** A step has failed too often and waits for its answer or an operator. */
  | { readonly kind: 'parked'; readonly step: string; readonly operation: Operation; readonly reason: string }
  /** What became of an operator's action: `refusal` says why nothing was done. */
  | {
      readonly kind: 'ruled';
      readonly id: string;
      readonly action: OperatorAction;
      readonly refusal: string | null;
    }
  /** Something that must not happen has happened: somebody has to look. The instance goes on. */
  | { readonly kind: 'alarm'; readonly alarm: Alarm; readonly step: string; readonly detail: string };

export interface Send {
  readonly kind: 'send';
  readonly step: string;
  readonly operation: Operation;
  /** From 1, for each operation. */
  readonly attempt: number;
  readonly command: Command;
  readonly data: unknown;
  /** From here on the participant is to refuse it. Only a do before the pivot has one. */
  readonly deadlineAt: Instant | null;
}

export type Outcome =
  { readonly kind: 'completed' } | { readonly kind: 'compensated'; readonly reason: string };

export type Alarm = 'CONTRADICTING_ANSWERS' | 'ANSWER_TO_NOTHING';
