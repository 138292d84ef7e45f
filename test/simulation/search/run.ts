import type { Mutant } from '../world/mutants.js';
import type { Plan } from '../world/plan.js';
import {
  cancelSteps,
  crashSteps,
  dueSteps,
  duplicateSteps,
  lostConnectionSteps,
  ordinarySteps,
  restartSteps,
  type Step,
  waitSteps,
} from '../world/steps.js';
import { World } from '../world/world.js';
import { brokenAtOnce, brokenInTheEnd, glanceAt } from './invariants.js';

export interface Run {
  /** What was broken, and null when nothing was. */
  readonly broken: string | null;
  /** What happened, in order. */
  readonly story: readonly string[];
  readonly steps: number;
}

/** More than any run has needed by far: one that goes on for so long does not end. */
const stepsMax = 4_000;

/**
 * One run: first the choices say what happens, with everything that can go wrong; then nothing goes wrong any more,
 * and everything that is under way comes to its end. The same plan and choices always give the same run.
 * A 0 stands for the first thing that happens by itself, so that what shrinks becomes shorter and more usual.
 */
export function run(plan: Plan, choices: readonly number[], mutant: Mutant | null = null): Run {
  const world = World.at(plan, mutant);
  const story: string[] = [];
  let glance = glanceAt(world.state, plan);
  let broken: string | null = null;
  const take = (step: Step): void => {
    story.push(step.label());
    step.take();
    const next = glanceAt(world.state, plan);
    broken ??= brokenAtOnce(world.state, plan, glance, next);
    glance = next;
  };

  let undisturbed = true;
  for (const choice of choices) {
    const step = chosen(world, choice);
    if (step === undefined) continue;
    take(step);
    undisturbed &&= step.disturbs !== true;
    if (broken !== null) return { broken, story, steps: story.length };
  }
  for (const step of restartSteps(world)) take(step);
  let resumed = 0;
  while (broken === null && story.length < stepsMax) {
    const [step] = [...ordinarySteps(world), ...dueSteps(world), ...waitSteps(world)];
    if (step !== undefined) take(step);
    else if (brokenInTheEnd(world.state, plan, undisturbed) !== null && resumed++ < 3) world.resume();
    else break;
  }
  if (broken === null && story.length >= stepsMax) broken = 'it does not come to an end';
  return { broken: broken ?? brokenInTheEnd(world.state, plan, undisturbed), story, steps: story.length };
}

/** Of 16 choices 11 let happen what happens by itself, and the others what can go wrong. */
function chosen(world: World, choice: number): Step | undefined {
  const { happened } = world.state;
  const pick = Math.floor(choice / 16);
  const of = (steps: readonly Step[]): Step | undefined => steps[pick % Math.max(steps.length, 1)];
  const other = ((): Step | undefined => {
    switch (choice % 16) {
      case 11:
        return happened.duplicates < 4 ? of(duplicateSteps(world)) : undefined;
      case 12:
        return of(dueSteps(world)) ?? of(waitSteps(world));
      case 13:
        return happened.crashes < 4 ? of(crashSteps(world)) : undefined;
      case 14:
        return of(cancelSteps(world));
      case 15:
        return of(restartSteps(world)) ?? of(lostConnectionSteps(world));
      default:
        return undefined;
    }
  })();
  return other ?? of(ordinarySteps(world));
}
