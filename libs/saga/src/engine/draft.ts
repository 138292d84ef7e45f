import type { Definition } from '../definition/definition.js';
import type { Advanced, Effect, Outcome } from './event.js';
import { appended, entryOf } from './history.js';
import {
  type Active,
  type Instance,
  type Instant,
  isOpen,
  reasonOf,
  type State,
  type StepState,
  transitions,
  unparked,
} from './instance.js';

/** The next state of one instance while `advance` makes it. Nothing outside of it is changed. */
export class Draft {
  readonly steps: StepState[];
  readonly effects: Effect[] = [];
  /** A saga that has ended is only looked at again for answers that must not be: its kind stays. */
  kind: Active['kind'] | 'completed' | 'compensated';
  reason: string;
  #pivot: 'ahead' | 'sent';
  #changed = false;
  /** What happens at this moment. */
  #entries = '';

  constructor(
    readonly saga: Definition,
    readonly instance: Instance,
    readonly now: Instant,
  ) {
    const state = unparked(instance.state);
    this.steps = [...state.steps];
    this.kind = state.kind;
    this.reason = reasonOf(state) ?? '';
    this.#pivot = state.kind === 'running' ? state.pivot : 'sent';
  }

  /** Nothing compensates from the pivot's sending on, other than the pivot's own rejection. */
  get mayTurnBack(): boolean {
    return this.kind === 'running' && this.#pivot === 'ahead';
  }

  get deadlinePassed(): boolean {
    const { deadlineAt } = this.instance;
    return deadlineAt !== null && this.now >= deadlineAt;
  }

  get hasEnded(): boolean {
    return this.kind === 'completed' || this.kind === 'compensated';
  }

  /** Whether an undo of this stage has been sent and not been answered. */
  isUndoing(stage: number): boolean {
    return this.steps.some(
      ({ undo }, index) => this.saga.steps[index]!.stage === stage && undo !== undefined && isOpen(undo),
    );
  }

  set(index: number, step: StepState): void {
    this.steps[index] = step;
    this.#changed = true;
  }

  /** Adds to the history; the step is null for the saga as a whole. */
  record(...entry: Parameters<typeof entryOf>): void {
    this.#entries += entryOf(...entry);
    this.#changed = true;
  }

  pivotIsSent(): void {
    this.#pivot = 'sent';
    this.#changed = true;
  }

  compensate(reason: string): void {
    this.kind = 'compensating';
    this.reason = reason;
    this.record(null, 'c', { note: reason });
  }

  finish(outcome: Outcome): void {
    this.kind = outcome.kind;
    this.record(null, 'e');
    const notice = this.saga.whenCompensated;
    if (outcome.kind === 'compensated' && notice !== null) {
      const data = notice.with(this.instance.input as never, outcome.reason);
      this.effects.push({ kind: 'tell', command: notice.tell, data });
    }
    this.effects.push({ kind: 'finished', outcome });
  }

  /** The replies of the stages before this one, by step. */
  doneBefore(stage: number): never {
    const done: Record<string, unknown> = {};
    for (const [index, step] of this.steps.entries()) {
      if (this.saga.steps[index]!.stage < stage && step.do.is === 'done') done[step.name] = step.do.reply;
    }
    return done as never;
  }

  seal(): Advanced {
    if (!this.#changed) return { instance: this.instance, effects: this.effects };
    const from = this.instance.state;
    const state = this.#state();
    if (!transitions[from.kind].includes(state.kind)) {
      throw new IllegalTransition({ saga: this.saga.name, from: from.kind, to: state.kind });
    }
    const history =
      this.#entries === '' ? this.instance.history : appended(this.instance.history, this.now, this.#entries);
    return { instance: { ...this.instance, state, history }, effects: this.effects };
  }

  #state(): State {
    const { kind, reason, steps } = this;
    if (kind === 'completed') return { kind, steps };
    if (kind === 'compensated') return { kind, reason, steps };
    const active: Active = kind === 'running' ? { kind, pivot: this.#pivot, steps } : { kind, reason, steps };
    const stuck = stuckReason(steps);
    return stuck === null ? active : { kind: 'parked', reason: stuck, resumeAs: active };
  }
}

/** A bug of the engine: the declared graph has no such transition. */
export class IllegalTransition extends Error {
  readonly code = 'BALLAST_ILLEGAL_TRANSITION';
  override readonly name = 'IllegalTransition';

  constructor(readonly transition: { saga: string; from: State['kind']; to: State['kind'] }) {
    super(`saga ${transition.saga} may not go from ${transition.from} to ${transition.to}`);
  }
}

function stuckReason(steps: readonly StepState[]): string | null {
  for (const { name, do: doing, undo } of steps) {
    if (doing.is === 'stuck') return `${name}: ${doing.reason}`;
    if (undo?.is === 'stuck') return `undo of ${name}: ${undo.reason}`;
  }
  return null;
}
