import type { Command, DataOf, ReplyOf } from '@ballast/contracts';
import type { z } from 'zod';
import {
  type Branch,
  checked,
  type CommandThatMayNotReject,
  type Definition,
  type Notice,
  type Step,
} from './definition.js';
import { type Patience, patienceOf } from './patience.js';

/**
 * Begins a try-confirm-cancel definition: branches that are tried in parallel, and then all confirmed or all
 * cancelled. Each word returns a new definition; nothing is changed in place.
 */
export function tcc<Input extends z.ZodType>(
  name: string,
  { version, input, patience = {} }: { version: number; input: Input; patience?: Partial<Patience> },
): Beginning<z.infer<Input>> {
  return new Sentence({
    protocol: 'tcc',
    name,
    version,
    input,
    branches: [],
    afterwards: [],
    whenAborted: null,
    patience: patienceOf(patience),
  }) as unknown as Beginning<z.infer<Input>>;
}

/** A definition without a branch is not one yet. */
export type Beginning<Input> = Pick<Tcc<Input>, 'branch'>;

export interface Tcc<Input> extends Definition<Input> {
  /** A participant's part: what it sets aside, and what becomes of it. */
  branch<Try extends Command, Confirm extends Command, Cancel extends CommandThatMayNotReject>(
    name: string,
    branch: BranchOf<Input, Try, Confirm, Cancel>,
  ): Tcc<Input>;
  /** A command that is asked for until it is done, when every branch is confirmed. */
  whenConfirmed<Do extends CommandThatMayNotReject>(
    name: string,
    step: { readonly do: Do; readonly with: (input: Input) => DataOf<Do> },
  ): Tcc<Input>;
  /** A command that is sent once, without waiting for its answer, when every branch is cancelled. */
  whenCancelledTell<C extends CommandThatMayNotReject>(
    command: C,
    data: (input: Input, reason: string) => DataOf<C>,
  ): Tcc<Input>;
}

type BranchOf<Input, Try extends Command, Confirm extends Command, Cancel> = {
  readonly try: Try;
  /** From the input alone: the branches are tried at the same time. */
  readonly with: (input: Input) => DataOf<Try>;
  /** Never given up: a rejection is taken as "not now", and parked in the end. */
  readonly confirm: Confirm;
  /** Also after a try that was never answered, which leaves nothing behind. */
  readonly cancel: Cancel & (Record<string, never> extends DataOf<Cancel & Command> ? unknown : never);
} & (Record<string, never> extends DataOf<Confirm>
  ? { readonly confirmWith?: (input: Input, reply: ReplyOf<Try>) => DataOf<Confirm> }
  : { readonly confirmWith: (input: Input, reply: ReplyOf<Try>) => DataOf<Confirm> });

interface Authored {
  readonly try: Command;
  readonly with: Branch['prepareWith'];
  readonly confirm: Command;
  readonly confirmWith?: Branch['commitWith'];
  readonly cancel: Command;
}

class Sentence implements Definition {
  readonly protocol!: Definition['protocol'];
  readonly name!: string;
  readonly version!: number;
  readonly input!: z.ZodType;
  readonly branches!: readonly Branch[];
  readonly afterwards!: readonly Step[];
  readonly whenAborted!: Notice | null;
  readonly patience!: Patience;

  constructor(definition: Definition) {
    Object.assign(this, definition);
    checked(this);
  }

  branch(name: string, { try: prepare, with: prepareWith, confirm, confirmWith, cancel }: Authored) {
    const commitWith = confirmWith ?? (() => ({}));
    const branch: Branch = { name, prepare, prepareWith, commit: confirm, commitWith, abort: cancel };
    return new Sentence({ ...this, branches: [...this.branches, branch] });
  }

  whenConfirmed(name: string, step: Omit<Step, 'name'>) {
    return new Sentence({ ...this, afterwards: [...this.afterwards, { name, ...step }] });
  }

  whenCancelledTell(tell: Command, data: Notice['with']) {
    return new Sentence({ ...this, whenAborted: { tell, with: data } });
  }
}
