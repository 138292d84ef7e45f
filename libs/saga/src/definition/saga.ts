import type { Command, DataOf, ReplyOf } from '@ballast/contracts';
import type { z } from 'zod';
import { checked, type Definition, type Notice, type Step } from './definition.js';
import { defaultPolicy, policyOf, type PolicySettings } from './policy.js';

/**
 * Begins a saga's definition, which reads as a sentence: undoable steps, the pivot, the steps that must finish.
 * Each word returns a new definition; nothing is changed in place. The steps of one call run in parallel.
 */
export function saga<Input extends z.ZodType>(
  name: string,
  { version, input }: { version: number; input: Input },
): Beginning<z.infer<Input>> {
  if (!/^.{1,64}$/.test(name)) throw new TypeError(`a saga's name has 1 to 64 characters: "${name}"`);
  if (!Number.isInteger(version) || version < 1)
    throw new TypeError(`saga ${name}: version ${version} is not 1 or more`);
  return new Sentence(name, version, input, [], null) as unknown as Beginning<z.infer<Input>>;
}

/** A saga without a step is not a saga yet. */
export type Beginning<Input> = Pick<BeforePivot<Input, object>, 'undoable' | 'pivot'>;

export interface BeforePivot<Input, Done> extends Complete<Input> {
  /** A step that can be taken back: `undo` runs when the saga does not come through. */
  undoable<const Name extends string, Do extends Command, Undo extends CommandThatMayNotReject>(
    name: NewName<Name, Done>,
    step: UndoableOf<Input, Done, Do> & UndoOf<Input, Done, Undo>,
  ): BeforePivot<Input, Done & Record<Name, ReplyOf<Do>>>;
  /** Steps that run in parallel: none of them sees another's reply. */
  undoable<Do extends Commands, Undo extends { [Name in keyof Do]: CommandThatMayNotReject }>(
    steps: { [Name in keyof Do]: UndoableOf<Input, Done, Do[Name]> } & {
      [Name in keyof Undo]: UndoOf<Input, Done, Undo[Name]>;
    },
  ): BeforePivot<Input, Done & { [Name in keyof Do]: ReplyOf<Do[Name]> }>;
  /** The step after which there is no way back. */
  pivot<const Name extends string, Do extends Command>(
    name: NewName<Name, Done>,
    step: ForwardOf<Input, Done, Do>,
  ): AfterPivot<Input, Done & Record<Name, ReplyOf<Do>>>;
}

export interface AfterPivot<Input, Done> extends Complete<Input> {
  /** Steps that are asked for until they are done, in parallel. Their commands know no rejection. */
  mustFinish<Do extends { [name: string]: CommandThatMayNotReject }>(steps: {
    [Name in keyof Do]: ForwardOf<Input, Done, Do[Name]>;
  }): AfterPivot<Input, Done & { [Name in keyof Do]: ReplyOf<Do[Name]> }>;
}

/** A definition that can run. */
export interface Complete<Input> extends Definition<Input> {
  /** A command that is sent once, without waiting for its answer, when an instance has been compensated. */
  whenCompensatedTell<C extends CommandThatMayNotReject>(
    command: C,
    data: (input: Input, reason: string) => DataOf<C>,
  ): Definition<Input>;
}

interface UndoableOf<Input, Done, Do extends Command> extends PolicySettings {
  readonly do: Do;
  /** The data of `do`, from the saga's input and the replies of earlier steps. */
  readonly with: (input: Input, done: Done) => DataOf<Do>;
}

/** An undo may have to run without an answer of its do: it sees only the replies of earlier steps. */
type UndoOf<Input, Done, Undo extends Command> = { readonly undo: Undo } & (Record<
  string,
  never
> extends DataOf<Undo>
  ? { readonly undoWith?: (input: Input, done: Done) => DataOf<Undo> }
  : { readonly undoWith: (input: Input, done: Done) => DataOf<Undo> });

interface ForwardOf<Input, Done, Do extends Command> extends Omit<PolicySettings, 'attemptsMax'> {
  readonly do: Do;
  readonly with: (input: Input, done: Done) => DataOf<Do>;
  /** From the pivot on nothing gives up. */
  readonly attemptsMax?: never;
  /** From the pivot on nothing is undone. */
  readonly undo?: never;
}

type Commands = { [name: string]: Command };
type CommandThatMayNotReject = Command<string, z.ZodType, z.ZodType, never>;
type NewName<Name extends string, Done> = Name extends keyof Done ? never : Name;

type Authored = PolicySettings & {
  readonly do?: Command;
  readonly undo?: Command;
  readonly with?: Step['with'];
  readonly undoWith?: Step['with'];
};

const nothing = () => ({});

class Sentence implements Definition {
  constructor(
    readonly name: string,
    readonly version: number,
    readonly input: z.ZodType,
    readonly steps: readonly Step[],
    readonly whenCompensated: Notice | null,
  ) {
    checked(this);
    Object.freeze(this);
  }

  undoable(...args: [string, Authored] | [Record<string, Authored>]): Sentence {
    return this.#followedBy(
      'undoable',
      typeof args[0] === 'string' ? { [args[0]]: args[1] as Authored } : args[0],
    );
  }

  pivot(name: string, step: Authored): Sentence {
    return this.#followedBy('pivot', { [name]: step });
  }

  mustFinish(steps: Record<string, Authored>): Sentence {
    return this.#followedBy('must-finish', steps);
  }

  whenCompensatedTell(tell: Command, data: Notice['with']): Sentence {
    return new Sentence(this.name, this.version, this.input, this.steps, { tell, with: data });
  }

  #followedBy(kind: Step['kind'], authored: Record<string, Authored>): Sentence {
    const stage = (this.steps.at(-1)?.stage ?? -1) + 1;
    const steps = Object.entries(authored).map(([name, step]) => stepOf(kind, name, stage, step));
    if (steps.length === 0) throw new TypeError(`saga ${this.name}: a stage without a step`);
    return new Sentence(this.name, this.version, this.input, [...this.steps, ...steps], this.whenCompensated);
  }
}

function stepOf(kind: Step['kind'], name: string, stage: number, authored: Authored): Step {
  const { do: command, with: data, undo, undoWith = nothing, ...settings } = authored;
  if (command?.kind !== 'command') throw new TypeError(`step "${name}": its do is no command`);
  if (typeof data !== 'function') throw new TypeError(`step "${name}": its with is no function`);
  const step = { name, stage, do: command, with: data, settings, policy: policyOf(settings, defaultPolicy) };
  if (kind !== 'undoable') return { kind, ...step };
  if (undo?.kind !== 'command') throw new TypeError(`step "${name}" can't be undone: its undo is no command`);
  if (typeof undoWith !== 'function') throw new TypeError(`step "${name}": its undoWith is no function`);
  return { kind, ...step, undo, undoWith };
}
