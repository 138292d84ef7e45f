/** Milliseconds since 1970, UTC. */
export type Instant = number;

/** One run of a saga. All of it is plain JSON: the shell stores it, and `advance` goes on from what was stored. */
export interface Instance<Input = unknown> {
  readonly id: string;
  readonly definition: string;
  readonly version: number;
  readonly input: Input;
  /** From here on, before the pivot is sent, the saga compensates. */
  readonly deadlineAt: Instant | null;
  readonly state: State;
  /** What happened so far, in order: see history.ts. */
  readonly history: string;
}

export type State = Active | Parked | Completed | Compensated;

/** Between its beginning and its end, and on its way by itself. */
export type Active = Running | Compensating;

export interface Running {
  readonly kind: 'running';
  /** Whether the pivot was sent: from then on neither a cancel nor the deadline counts. */
  readonly pivot: 'ahead' | 'sent';
  readonly steps: readonly StepState[];
}

export interface Compensating {
  readonly kind: 'compensating';
  /** A rejection's code, TIMEOUT, CANCELLED or DEADLINE. */
  readonly reason: string;
  readonly steps: readonly StepState[];
}

/** A step that must not be given up keeps failing. The steps beside it go on; it waits for its answer or `resume`. */
export interface Parked {
  readonly kind: 'parked';
  readonly reason: string;
  readonly resumeAs: Active;
}

export interface Completed {
  readonly kind: 'completed';
  readonly steps: readonly StepState[];
}

export interface Compensated {
  readonly kind: 'compensated';
  readonly reason: string;
  readonly steps: readonly StepState[];
}

/** Which kind of state may follow which. A terminal state is never left. */
export const transitions: Readonly<Record<State['kind'], readonly State['kind'][]>> = {
  running: ['running', 'compensating', 'parked', 'completed', 'compensated'],
  compensating: ['compensating', 'parked', 'compensated'],
  // A rejected pivot that was parked compensates; a step that was stuck may have been the last.
  parked: ['parked', 'running', 'compensating', 'completed', 'compensated'],
  completed: ['completed'],
  compensated: ['compensated'],
};

/**
 * How one step went. Those that have begun are listed, in the definition's order, which is the order in which they
 * began; undos ran the other way round.
 */
export interface StepState {
  readonly name: string;
  readonly do: DoState;
  /** Absent as long as no undo was sent. */
  readonly undo?: UndoState;
}

/** A question to a participant that has no definite answer yet. `attempts` counts what was sent. */
export type Ask =
  /** Waits for the answer until `dueAt`. */
  | { readonly is: 'sent'; readonly attempts: number; readonly dueAt: Instant }
  /** The last attempt failed; the next is sent at `dueAt`. */
  | { readonly is: 'waiting'; readonly attempts: number; readonly dueAt: Instant }
  /** Too many attempts have failed: only its answer, or `resume`, gets it on. */
  | { readonly is: 'stuck'; readonly attempts: number; readonly reason: string };

export type DoState =
  | Ask
  /** Given up without a definite answer: it may have happened, or happen yet. */
  | { readonly is: 'unknown'; readonly attempts: number }
  | {
      readonly is: 'done';
      readonly attempts: number;
      readonly reply: unknown;
      /** An operator has said so, not the participant. */
      readonly byHand?: true;
    }
  | {
      readonly is: 'rejected';
      readonly attempts: number;
      readonly code: string;
      readonly detail?: string | undefined;
    }
  /** Refused for good, because its undo or its deadline came first. */
  | { readonly is: 'aborted'; readonly attempts: number };

export type UndoState = Ask | { readonly is: 'done'; readonly attempts: number; readonly byHand?: true };

export const isOpen = (state: DoState | UndoState): state is Ask =>
  state.is === 'sent' || state.is === 'waiting' || state.is === 'stuck';

export const hasEnded = (state: State): state is Completed | Compensated =>
  state.kind === 'completed' || state.kind === 'compensated';

/** What a parked state stands for; any other state itself. */
export const unparked = (state: State): Active | Completed | Compensated =>
  state.kind === 'parked' ? state.resumeAs : state;

export const stepsOf = (state: State): readonly StepState[] => unparked(state).steps;

/** Why it was, or is being, compensated, or why it is parked; null otherwise. */
export const reasonOf = (state: State): string | null => ('reason' in state ? state.reason : null);

/** When the instance has to be looked at again, if nothing comes before: its one timer. */
export function nextDue({ state, deadlineAt }: Instance): Date | null {
  if (hasEnded(state)) return null;
  const active = unparked(state);
  let next =
    active.kind === 'running' && active.pivot === 'ahead' && deadlineAt !== null ? deadlineAt : Infinity;
  for (const step of active.steps) {
    if ('dueAt' in step.do) next = Math.min(next, step.do.dueAt);
    if (step.undo !== undefined && 'dueAt' in step.undo) next = Math.min(next, step.undo.dueAt);
  }
  return next === Infinity ? null : new Date(next);
}
