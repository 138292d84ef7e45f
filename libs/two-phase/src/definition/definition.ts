import type { Command } from '@ballast/contracts';
import type { z } from 'zod';
import type { Patience } from './patience.js';

/**
 * What has to happen everywhere or nowhere, as the coordinator reads it: data, with the types erased. TCC and 2PC are
 * two ways to write it down. Both ask every branch to prepare, decide once, and tell every branch to commit or to
 * abort; they differ in what a participant does when it prepares: it reserves, or it keeps a transaction open.
 */
export interface Definition<Input = unknown> {
  readonly protocol: 'tcc' | 'two-phase';
  readonly name: string;
  /** A running instance keeps the version that it began with. */
  readonly version: number;
  readonly input: z.ZodType<Input>;
  readonly branches: readonly Branch[];
  /** One after the other, when every branch has committed. Each is asked for until it is done. */
  readonly afterwards: readonly Step[];
  /** What is told to the outside when every branch has aborted. */
  readonly whenAborted: Notice | null;
  readonly patience: Patience;
}

/** One participant's part. */
export interface Branch {
  readonly name: string;
  readonly prepare: Command;
  readonly prepareWith: (input: never) => unknown;
  readonly commit: Command;
  /** From the input and this branch's reply to `prepare`. */
  readonly commitWith: (input: never, reply: never) => unknown;
  readonly abort: Command;
}

export interface Step {
  readonly name: string;
  readonly do: Command;
  readonly with: (input: never) => unknown;
}

export interface Notice {
  readonly tell: Command;
  readonly with: (input: never, reason: string) => unknown;
}

/** A command that can't be refused for good: only its success is an answer. */
export type CommandThatMayNotReject = Command<string, z.ZodType, z.ZodType, never>;

/** Throws what the compiler can't see: names and commands that occur twice, and names that do not fit a message. */
export function checked<D extends Definition>(definition: D): D {
  const { name, version, branches, afterwards } = definition;
  const refuse = (why: string): never => {
    throw new TypeError(`${definition.protocol} ${name}: ${why}`);
  };
  if (!/^.{1,64}$/.test(name)) refuse('a name has 1 to 64 characters');
  if (!Number.isInteger(version) || version < 1) refuse(`version ${version} is not 1 or more`);
  const lack = lackOf(definition);
  if (lack !== null) refuse(lack);
  const names = [...branches, ...afterwards].map(part => part.name);
  const types = [
    ...branches.flatMap(({ prepare, commit, abort }) => [prepare, commit, abort]),
    ...afterwards.map(step => step.do),
  ].map(({ type }) => type);
  for (const part of names) if (!/^.{1,64}$/.test(part)) refuse(`"${part}" has not 1 to 64 characters`);
  // The participants' barrier knows an operation by order and command: the second would get the first's answer.
  for (const [what, list] of [
    ['parts', names],
    ['commands', types],
  ] as const) {
    const twice = list.find((one, index) => list.indexOf(one) !== index);
    if (twice !== undefined) refuse(`two ${what} are called "${twice}"`);
  }
  return Object.freeze(definition);
}

/** What is missing where no compiler saw it. */
function lackOf({ branches, afterwards, whenAborted }: Definition): string | null {
  const isCommand = (value: Command | undefined) => value?.kind === 'command';
  for (const { name, prepare, prepareWith, commit, commitWith, abort } of branches) {
    if (![prepare, commit, abort].every(isCommand))
      return `"${name}" lacks a command: for its beginning, its end, or its undoing`;
    if ([prepareWith, commitWith].some(data => typeof data !== 'function'))
      return `"${name}" lacks the function that gives a command its data`;
  }
  const step = afterwards.find(one => !isCommand(one.do));
  if (step !== undefined) return `"${step.name}" lacks its command`;
  return whenAborted === null || isCommand(whenAborted.tell) ? null : 'what is told at the end is no command';
}
