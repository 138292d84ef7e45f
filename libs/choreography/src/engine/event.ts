import type { Answer, Command, EventType } from '@ballast/contracts';
import type { Instant, Progress } from './progress.js';

/** What happens to a participant's progress. */
export type Event =
  /** A message. `deadlineAt`: the one that it carries. */
  | {
      readonly kind: 'heard';
      readonly event: string;
      readonly data: unknown;
      readonly deadlineAt: Instant | null;
    }
  /**
   * The participant has answered an operation that a reaction asked for, at once or later.
   * `changed`: whether it changed the operation's barrier. If not, it is the answer to something earlier, which has
   * been announced by then; only an undo announces even so.
   */
  | {
      readonly kind: 'performed';
      readonly command: string;
      readonly answer: Answer;
      readonly changed: boolean;
    }
  /** Time has passed: whatever is due by now is handled. */
  | { readonly kind: 'timer' }
  /** A customer's cancel; for the watcher. */
  | { readonly kind: 'cancel' }
  /** An operator's; for the watcher, who tells everybody. */
  | { readonly kind: 'resume' };

export interface Advanced {
  /** The very same object when nothing has changed. */
  readonly progress: Progress;
  readonly effects: readonly Effect[];
}

/** What the shell has to do, in this order, together with storing the progress. Message ids are the shell's. */
export type Effect =
  /**
   * Hand this command to the participant's own barrier and decision, in this same transaction, and tell the engine
   * what it answered (`performed`), as soon as it answers.
   */
  | {
      readonly kind: 'perform';
      readonly command: Command;
      readonly data: unknown;
      readonly attempt: number;
      /** From here on the barrier is to refuse it. Only a do before the pivot has one. */
      readonly deadlineAt: Instant | null;
    }
  /** Announce this on the participant's own topic, with the order's deadline. */
  | {
      readonly kind: 'emit';
      readonly event: EventType;
      readonly data: unknown;
      readonly deadlineAt: Instant | null;
    }
  | { readonly kind: 'finished'; readonly outcome: 'completed' | 'cancelled' }
  /** Somebody has to look: an operation was refused too often, or nothing is heard of the order any more. */
  | { readonly kind: 'parked'; readonly reason: string }
  | { readonly kind: 'alarm'; readonly alarm: Alarm; readonly detail: string };

export type Alarm = 'ANSWER_TO_NOTHING' | 'CONTRADICTING_EVENTS';
