import type { Answer, Command } from '@ballast/contracts';
import type { Instance, Instant } from './instance.js';
import type { OperatorAction } from './operator.js';

/** What is asked of a branch; `do` of a step that follows the commit. */
export type Operation = 'prepare' | 'commit' | 'abort' | 'do';

/** What happens to an instance. */
export type Event =
  /** A participant has answered one attempt. `part` is the name of the branch, or of the step. */
  | {
      readonly kind: 'answered';
      readonly part: string;
      readonly operation: Operation;
      readonly attempt: number;
      readonly answer: Answer;
    }
  /** A branch that has prepared asks what became of it. Whatever is undecided is aborted by the question. */
  | { readonly kind: 'asked'; readonly part: string }
  /** Time has passed: whatever is due by now is handled. */
  | { readonly kind: 'timer' }
  /** Honoured before the decision, ignored from then on. */
  | { readonly kind: 'cancel' }
  /** Another round of attempts of what is stuck. */
  | { readonly kind: 'resume' }
  /** An operator interferes: the effect `ruled` says whether it was done. */
  | {
      readonly kind: 'operator';
      readonly action: OperatorAction;
      /** Of the action: the ruling refers to it. */
      readonly id: string;
      /** Of force-forward: which of the parts that are stuck. */
      readonly part?: string | undefined;
    };

export interface Advanced<Input = unknown> {
  /** The very same object when nothing has changed. */
  readonly instance: Instance<Input>;
  readonly effects: readonly Effect[];
}

/** What the shell has to do, in this order, together with storing the instance. Message ids are the shell's. */
export type Effect =
  /** To be stored, durably, before anything that follows is sent. Comes once in an instance's life, and first. */
  | {
      readonly kind: 'decided';
      readonly decision: 'commit' | 'abort';
      readonly branches: readonly string[];
    }
  | Send
  /** A command that nothing waits for. */
  | { readonly kind: 'tell'; readonly command: Command; readonly data: unknown }
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  /** Something that is decided has failed too often and waits for its answer or an operator. */
  | { readonly kind: 'parked'; readonly part: string; readonly operation: Operation; readonly reason: string }
  /** What became of an operator's action: `refusal` says why nothing was done. */
  | {
      readonly kind: 'ruled';
      readonly id: string;
      readonly action: OperatorAction;
      readonly refusal: string | null;
    }
  /** Something that must not happen has happened: somebody has to look. The instance goes on. */
  | { readonly kind: 'alarm'; readonly alarm: Alarm; readonly part: string; readonly detail: string };

export interface Send {
  readonly kind: 'send';
  readonly part: string;
  readonly operation: Operation;
  /** From 1, for each operation. */
  readonly attempt: number;
  readonly command: Command;
  readonly data: unknown;
  /** From here on the participant is to refuse it. Only `prepare` has one. */
  readonly deadlineAt: Instant | null;
}

export type Outcome = { readonly kind: 'committed' } | { readonly kind: 'aborted'; readonly reason: string };

export type Alarm = 'CONTRADICTING_ANSWERS' | 'ANSWER_TO_NOTHING';
