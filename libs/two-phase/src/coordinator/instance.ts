/** Milliseconds since 1970, UTC. */
export type Instant = number;

/** One run of a definition. All of it is plain JSON: the shell stores it, and `advance` goes on from what was stored. */
export interface Instance<Input = unknown> {
  readonly id: string;
  readonly definition: string;
  readonly version: number;
  readonly input: Input;
  /** From here on, as long as nothing is decided, everything is aborted. */
  readonly deadlineAt: Instant | null;
  readonly state: State;
}

export type State = Active | Parked | Committed | Aborted;
export type Active = Preparing | Committing | Aborting;

/** Nothing is decided: whoever asks now is told to abort, and that is the decision. */
export interface Preparing {
  readonly kind: 'preparing';
  readonly branches: readonly BranchState[];
}

/** Decided. It has to be stored with its branches before the first of them is told: afterwards there is no way back. */
export interface Committing {
  readonly kind: 'committing';
  readonly branches: readonly BranchState[];
  /** What follows when every branch has committed, as far as it has begun. */
  readonly afterwards: readonly StepState[];
}

/** Decided. */
export interface Aborting {
  readonly kind: 'aborting';
  /** A rejection's code, TIMEOUT, CANCELLED, DEADLINE or OPERATOR. */
  readonly reason: string;
  readonly branches: readonly BranchState[];
}

/** Something that is decided keeps failing. What is beside it goes on; it waits for its answer or `resume`. */
export interface Parked {
  readonly kind: 'parked';
  readonly reason: string;
  readonly resumeAs: Active;
}

export interface Committed {
  readonly kind: 'committed';
  readonly branches: readonly BranchState[];
  readonly afterwards: readonly StepState[];
}

export interface Aborted {
  readonly kind: 'aborted';
  readonly reason: string;
  readonly branches: readonly BranchState[];
}

/** Which kind of state may follow which. A decision is never changed, and a terminal state is never left. */
export const transitions: Readonly<Record<State['kind'], readonly State['kind'][]>> = {
  preparing: ['preparing', 'committing', 'aborting', 'aborted'],
  committing: ['committing', 'parked', 'committed'],
  aborting: ['aborting', 'parked', 'aborted'],
  parked: ['parked', 'committing', 'aborting', 'committed', 'aborted'],
  committed: ['committed'],
  aborted: ['aborted'],
};

/** In the order of the definition; `commit` and `abort` are absent as long as they were not sent. */
export interface BranchState {
  readonly name: string;
  readonly prepare: Vote;
  readonly commit?: Asked;
  readonly abort?: Asked;
}

export interface StepState {
  readonly name: string;
  readonly do: Asked;
}

/** A question to a participant that has no definite answer yet. `attempts` counts what was sent. */
export type Ask =
  /** Waits for the answer until `dueAt`. */
  | { readonly is: 'sent'; readonly attempts: number; readonly dueAt: Instant }
  /** The last attempt failed; the next is sent at `dueAt`. */
  | { readonly is: 'waiting'; readonly attempts: number; readonly dueAt: Instant }
  /** Too many attempts have failed: only its answer, or `resume`, gets it on. */
  | { readonly is: 'stuck'; readonly attempts: number; readonly reason: string };

export type Vote =
  | Ask
  /** Aborted before it voted: it may have prepared, or do so yet. */
  | { readonly is: 'unknown'; readonly attempts: number }
  | { readonly is: 'yes'; readonly attempts: number; readonly reply: unknown }
  | {
      readonly is: 'no';
      readonly attempts: number;
      readonly code: string;
      readonly detail?: string | undefined;
    };

export type Asked =
  | Ask
  | {
      readonly is: 'done';
      readonly attempts: number;
      /** An operator has said so, not the participant. */
      readonly byHand?: true;
    };

export const isOpen = (ask: Vote | Asked): ask is Ask =>
  ask.is === 'sent' || ask.is === 'waiting' || ask.is === 'stuck';

export const hasEnded = (state: State): state is Committed | Aborted =>
  state.kind === 'committed' || state.kind === 'aborted';

/** What a parked state stands for; any other state itself. */
export const unparked = (state: State): Active | Committed | Aborted =>
  state.kind === 'parked' ? state.resumeAs : state;

/** What was decided; null as long as nothing is. */
export function decisionOf(state: State): 'commit' | 'abort' | null {
  switch (unparked(state).kind) {
    case 'preparing':
      return null;
    case 'committing':
    case 'committed':
      return 'commit';
    case 'aborting':
    case 'aborted':
      return 'abort';
  }
}

/** When the instance has to be looked at again, if nothing comes before: its one timer. */
export function nextDue({ state, deadlineAt }: Instance): Date | null {
  if (hasEnded(state)) return null;
  const active = unparked(state);
  let next = active.kind === 'preparing' && deadlineAt !== null ? deadlineAt : Infinity;
  for (const ask of asksOf(active)) if ('dueAt' in ask) next = Math.min(next, ask.dueAt);
  return next === Infinity ? null : new Date(next);
}

/** Everything that was asked, in the order of the definition. */
export function asksOf(state: Active | Committed | Aborted): (Vote | Asked)[] {
  const asks = state.branches.flatMap(({ prepare, commit, abort }) => [prepare, commit, abort]);
  if ('afterwards' in state) asks.push(...state.afterwards.map(step => step.do));
  return asks.filter(ask => ask !== undefined);
}
