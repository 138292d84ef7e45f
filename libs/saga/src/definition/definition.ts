import type { Command } from '@ballast/contracts';
import type { z } from 'zod';
import { defaultPolicy, type Policy, policyOf, type PolicySettings } from './policy.js';

/** A saga's definition as the engine reads it: data, with the types of its steps erased. */
export interface Definition<Input = unknown> {
  readonly name: string;
  /** A running instance keeps the version that it began with. */
  readonly version: number;
  readonly input: z.ZodType<Input>;
  /** In order; a stage's steps stand next to each other. */
  readonly steps: readonly Step[];
  /** What is told to the outside when an instance has been compensated. */
  readonly whenCompensated: Notice | null;
}

/** Replies of the steps that are done, by name. */
export type Done = Readonly<Record<string, unknown>>;

export type Step = UndoableStep | PivotStep | MustFinishStep;

interface CommonStep {
  readonly name: string;
  /** From 0. Steps of one stage run in parallel, and are undone in parallel. */
  readonly stage: number;
  readonly do: Command;
  readonly with: (input: never, done: never) => unknown;
  readonly settings: PolicySettings;
  readonly policy: Policy;
}

export interface UndoableStep extends CommonStep {
  readonly kind: 'undoable';
  readonly undo: Command;
  readonly undoWith: (input: never, done: never) => unknown;
}

export interface PivotStep extends CommonStep {
  readonly kind: 'pivot';
}

export interface MustFinishStep extends CommonStep {
  readonly kind: 'must-finish';
}

export interface Notice {
  readonly tell: Command;
  readonly with: (input: never, reason: string) => unknown;
}

/** The same saga with other defaults, for what its steps do not say themselves. */
export function withDefaults<Input>(saga: Definition<Input>, settings: PolicySettings): Definition<Input> {
  const defaults = policyOf(settings, defaultPolicy);
  return {
    name: saga.name,
    version: saga.version,
    input: saga.input,
    steps: saga.steps.map(step => ({
      ...step,
      policy: policyOf(step.settings, defaults),
    })),
    whenCompensated: saga.whenCompensated,
  };
}

/**
 * Throws what the compiler can't see: names and commands that occur twice, and names that do not fit a message; and,
 * for those who do without a compiler, steps in an order in which one could neither be undone nor finished.
 */
export function checked(definition: Definition): void {
  const names = new Set<string>();
  const types = new Set<string>();
  const refuse = (why: string): never => {
    throw new TypeError(`saga ${definition.name}: ${why}`);
  };
  for (const [index, step] of definition.steps.entries()) {
    if (step.name === '' || step.name.length > 64)
      refuse(`a step's name has 1 to 64 characters: "${step.name}"`);
    if (names.has(step.name)) refuse(`two steps are called "${step.name}"`);
    names.add(step.name);
    const problem = placeProblem(step, definition.steps.slice(0, index)) ?? rejectionProblem(step);
    if (problem !== null) refuse(`"${step.name}" ${problem}`);
    const commands = step.kind === 'undoable' ? [step.do, step.undo] : [step.do];
    for (const { type } of commands) {
      // The participants' barrier knows an operation by order and command: the second would get the first's answer.
      if (types.has(type)) refuse(`${type} is used twice`);
      types.add(type);
    }
  }
}

function placeProblem({ kind }: Step, before: readonly Step[]): string | null {
  const afterPivot = before.some(step => step.kind === 'pivot');
  if (kind === 'must-finish')
    return afterPivot ? null : 'has to finish before the pivot, where all may still be undone';
  if (!afterPivot) return null;
  return kind === 'pivot' ? 'is a second pivot' : 'comes after the pivot, where nothing is undone';
}

function rejectionProblem(step: Step): string | null {
  if (step.kind === 'pivot') return null;
  const { type, rejects } = step.kind === 'undoable' ? step.undo : step.do;
  return rejects.length === 0 ? null : `may not be rejected with ${rejects.join(' or ')}, as ${type} may`;
}
