import type { Definition } from '../definition/definition.js';
import type { Advanced, Alarm, Effect, Operation, Outcome } from './event.js';
import {
  type Active,
  type Asked,
  type BranchState,
  type Instance,
  type Instant,
  isOpen,
  type State,
  type StepState,
  transitions,
  unparked,
  type Vote,
} from './instance.js';

/** The next state of one instance while `advance` makes it. Nothing outside of it is changed. */
export class Draft {
  kind: Active['kind'] | 'committed' | 'aborted';
  reason: string;
  branches: readonly BranchState[];
  afterwards: readonly StepState[];
  readonly effects: Effect[] = [];
  #changed = false;

  constructor(
    readonly definition: Definition,
    readonly instance: Instance,
    readonly now: Instant,
  ) {
    const state = unparked(instance.state);
    this.kind = state.kind;
    this.reason = 'reason' in state ? state.reason : '';
    this.branches = state.branches;
    this.afterwards = 'afterwards' in state ? state.afterwards : [];
  }

  get deadlinePassed(): boolean {
    const { deadlineAt } = this.instance;
    return deadlineAt !== null && this.now >= deadlineAt;
  }

  branch(name: string): BranchState | undefined {
    return this.branches.find(branch => branch.name === name);
  }

  /** Whether it holds for every branch of the definition, those included that were not asked yet. */
  everyBranch(holds: (branch: BranchState) => boolean): boolean {
    return this.branches.length === this.definition.branches.length && this.branches.every(holds);
  }

  /** What was asked of a part; undefined when it never was. */
  ask(part: string, operation: Operation): Vote | Asked | undefined {
    return operation === 'do'
      ? this.afterwards.find(({ name }) => name === part)?.do
      : this.branch(part)?.[operation];
  }

  /** Everything that has no definite answer, in the order of the definition. */
  asks(): { part: string; operation: Operation; ask: Vote | Asked }[] {
    const asks = [
      ...this.branches.flatMap(({ name: part }) =>
        (['prepare', 'commit', 'abort'] as const).map(operation => ({ part, operation })),
      ),
      ...this.afterwards.map(({ name: part }) => ({ part, operation: 'do' as const })),
    ];
    return asks.flatMap(({ part, operation }) => {
      const ask = this.ask(part, operation);
      return ask !== undefined && isOpen(ask) ? [{ part, operation, ask }] : [];
    });
  }

  set(part: string, operation: Operation, ask: Vote | Asked): void {
    this.#changed = true;
    if (operation === 'do') {
      const step: StepState = { name: part, do: ask as Asked };
      this.afterwards = replaced(this.afterwards, step);
    } else {
      const branch = { ...this.branch(part), name: part, [operation]: ask } as BranchState;
      this.branches = replaced(this.branches, branch);
    }
  }

  decide(decision: 'commit' | 'abort', reason: string): void {
    this.kind = decision === 'commit' ? 'committing' : 'aborting';
    this.reason = reason;
    this.#changed = true;
    // First: it has to be stored before anything that was sent in this step, too.
    this.effects.unshift({ kind: 'decided', decision, branches: this.branches.map(({ name }) => name) });
  }

  send(part: string, operation: Operation, attempt: number): void {
    const { definition, instance } = this;
    const input = instance.input as never;
    const send = { kind: 'send', part, operation, attempt, deadlineAt: null } as const;
    if (operation === 'do') {
      const step = definition.afterwards.find(({ name }) => name === part)!;
      this.effects.push({ ...send, command: step.do, data: step.with(input) });
      return;
    }
    const branch = definition.branches.find(({ name }) => name === part)!;
    const command = branch[operation];
    switch (operation) {
      case 'prepare': {
        const { deadlineAt } = instance;
        this.effects.push({ ...send, command, data: branch.prepareWith(input), deadlineAt });
        return;
      }
      case 'commit': {
        const { reply } = this.branch(part)!.prepare as Vote & { is: 'yes' };
        this.effects.push({ ...send, command, data: branch.commitWith(input, reply as never) });
        return;
      }
      case 'abort':
        this.effects.push({ ...send, command, data: {} });
    }
  }

  alarm(alarm: Alarm, part: string, detail: string): void {
    this.effects.push({ kind: 'alarm', alarm, part, detail });
  }

  finish(outcome: Outcome): void {
    this.kind = outcome.kind;
    this.#changed = true;
    const notice = this.definition.whenAborted;
    if (outcome.kind === 'aborted' && notice !== null) {
      const data = notice.with(this.instance.input as never, outcome.reason);
      this.effects.push({ kind: 'tell', command: notice.tell, data });
    }
    this.effects.push({ kind: 'finished', outcome });
  }

  seal(): Advanced {
    if (!this.#changed) return { instance: this.instance, effects: this.effects };
    const from = this.instance.state;
    const state = this.#state();
    if (!transitions[from.kind].includes(state.kind)) {
      throw new IllegalTransition({ definition: this.definition.name, from: from.kind, to: state.kind });
    }
    return { instance: { ...this.instance, state }, effects: this.effects };
  }

  #state(): State {
    const { kind, reason, branches, afterwards } = this;
    if (kind === 'committed') return { kind, branches, afterwards };
    if (kind === 'aborted') return { kind, reason, branches };
    const active: Active =
      kind === 'committing'
        ? { kind, branches, afterwards }
        : kind === 'aborting'
          ? { kind, reason, branches }
          : { kind, branches };
    const stuck = this.#stuckReason();
    return stuck === null ? active : { kind: 'parked', reason: stuck, resumeAs: active };
  }

  #stuckReason(): string | null {
    for (const { part, operation, ask } of this.asks()) {
      if (ask.is === 'stuck') return `${operation === 'do' ? '' : `${operation} of `}${part}: ${ask.reason}`;
    }
    return null;
  }
}

function replaced<T extends { readonly name: string }>(list: readonly T[], next: T): readonly T[] {
  const index = list.findIndex(({ name }) => name === next.name);
  return index < 0 ? [...list, next] : list.with(index, next);
}

/** A bug of the coordinator: the declared graph has no such transition. */
export class IllegalTransition extends Error {
  readonly code = 'BALLAST_ILLEGAL_TRANSITION';
  override readonly name = 'IllegalTransition';

  constructor(readonly transition: { definition: string; from: State['kind']; to: State['kind'] }) {
    super(`${transition.definition} may not go from ${transition.from} to ${transition.to}`);
  }
}
