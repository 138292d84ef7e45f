import { type CodeOf, type Command, command, type DataOf, Nothing, type ReplyOf } from '@ballast/contracts';
import { z } from 'zod';
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
 * Begins a two-phase commit's definition: branches, each the work of one participant that is done in one prepared
 * transaction. Each word returns a new definition; nothing is changed in place.
 */
export function twoPhase<Input extends z.ZodType>(
  name: string,
  { version, input, patience = {} }: { version: number; input: Input; patience?: Partial<Patience> },
): Beginning<z.infer<Input>> {
  return new Sentence({
    protocol: 'two-phase',
    name,
    version,
    input,
    branches: [],
    afterwards: [],
    whenAborted: null,
    patience: patienceOf(patience),
    work: {},
    unpreparable: () => null,
  }) as unknown as Beginning<z.infer<Input>>;
}

/** A definition without a branch is not one yet. */
export type Beginning<Input> = Pick<TwoPhase<Input>, 'branch'>;

export interface TwoPhase<Input> extends TwoPhaseDefinition<Input> {
  /** A participant's part: commands that are decided one after the other, and prepared together. */
  branch(name: string, work: (first: Work<Input, object>) => Work<Input, object>): TwoPhase<Input>;
  /** Inputs that no participant could prepare: the code that they are refused with before anything begins. */
  refuses<Code extends string>(why: (input: Input) => Code | null): TwoPhase<Input> & Refuses<Input, Code>;
  /** A command that is asked for until it is done, when every branch has committed. */
  afterCommit<Do extends CommandThatMayNotReject>(
    name: string,
    step: { readonly do: Do; readonly with: (input: Input) => DataOf<Do> },
  ): TwoPhase<Input>;
  /** A command that is sent once, without waiting for its answer, when every branch has rolled back. */
  whenAbortedTell<C extends CommandThatMayNotReject>(
    command: C,
    data: (input: Input, reason: string) => DataOf<C>,
  ): TwoPhase<Input>;
}

export interface TwoPhaseDefinition<Input = unknown> extends Definition<Input> {
  /** What each branch does in its transaction, by the branch's name. */
  readonly work: Readonly<Record<string, readonly WorkItem[]>>;
  readonly unpreparable: (input: Input) => string | null;
}

interface Refuses<Input, Code> {
  readonly unpreparable: (input: Input) => Code | null;
}

/** What a branch does, in order. `done` knows the replies of what it has done before, by command. */
export interface Work<Input, Done> {
  does<Do extends Command>(
    command: Do,
    data: (input: Input, done: Done) => DataOf<Do>,
  ): Work<Input, Done & Record<Do['type'], ReplyOf<Do>>>;
}

export interface WorkItem {
  readonly do: Command;
  readonly with: (input: never, done: never) => unknown;
}

/** Why a branch votes no, beside what its work rejects with. */
export const votesNo = ['DEADLINE', 'TIMEOUT'] as const;

/** What the commands of a branch are called, after the participant's name and a dot. */
export const branchCommands = {
  prepare: 'prepare-branch',
  commit: 'commit-branch',
  abort: 'roll-branch-back',
} as const;

/** The order's input, for a participant that shares the definition with the coordinator. */
export const BranchOrder = z.object({
  definition: z.string().max(64),
  version: z.int().min(1),
  input: z.unknown(),
});
export type BranchOrder = z.infer<typeof BranchOrder>;

type Authored = TwoPhaseDefinition & { readonly work: Record<string, readonly WorkItem[]> };

class Sentence implements TwoPhaseDefinition {
  readonly protocol!: Definition['protocol'];
  readonly name!: string;
  readonly version!: number;
  readonly input!: z.ZodType;
  readonly branches!: readonly Branch[];
  readonly afterwards!: readonly Step[];
  readonly whenAborted!: Notice | null;
  readonly patience!: Patience;
  readonly work!: Readonly<Record<string, readonly WorkItem[]>>;
  readonly unpreparable!: (input: unknown) => string | null;

  constructor(definition: Authored) {
    Object.assign(this, definition);
    checked(this);
  }

  branch(name: string, author: (first: Listed) => Listed) {
    const { items } = author(new Listed([]));
    if (items.length === 0) throw new TypeError(`two-phase ${this.name}: "${name}" does nothing`);
    const twice = items.find(({ do: one }, index) => items.findIndex(item => item.do === one) !== index);
    if (twice !== undefined)
      throw new TypeError(`two-phase ${this.name}: "${name}" does ${twice.do.type} twice`);
    const branch = branchOf(name, items, { definition: this.name, version: this.version });
    const work = { ...this.work, [name]: items };
    return new Sentence({ ...this, branches: [...this.branches, branch], work });
  }

  refuses(why: (input: unknown) => string | null) {
    return new Sentence({ ...this, unpreparable: why });
  }

  afterCommit(name: string, step: Omit<Step, 'name'>) {
    return new Sentence({ ...this, afterwards: [...this.afterwards, { name, ...step }] });
  }

  whenAbortedTell(tell: Command, data: Notice['with']) {
    return new Sentence({ ...this, whenAborted: { tell, with: data } });
  }
}

class Listed {
  constructor(readonly items: readonly WorkItem[]) {}

  does(command: Command, data: WorkItem['with']): Listed {
    if (command?.kind !== 'command') throw new TypeError('what a branch does is no command');
    if (typeof data !== 'function')
      throw new TypeError(`${command.type} lacks the function that gives it its data`);
    return new Listed([...this.items, { do: command, with: data }]);
  }
}

/** The messages of a branch: they look the same for every participant. */
function branchOf(
  name: string,
  work: readonly WorkItem[],
  { definition, version }: { definition: string; version: number },
): Branch {
  const rejects = [...new Set<CodeOf<Command>>([...work.flatMap(item => item.do.rejects), ...votesNo])];
  return {
    name,
    prepare: command(`${name}.${branchCommands.prepare}`, { data: BranchOrder, reply: Nothing, rejects }),
    prepareWith: (input: never) => ({ definition, version, input: input as unknown }),
    commit: command(`${name}.${branchCommands.commit}`, { data: Nothing, reply: Nothing }),
    commitWith: () => ({}),
    abort: command(`${name}.${branchCommands.abort}`, { data: Nothing, reply: Nothing }),
  };
}
