import type { Mutant } from '../world/mutants.js';
import { beginsAt, type Plan } from '../world/plan.js';
import type { State } from '../world/state.js';
import {
  cancelSteps,
  crashAndRestartSteps,
  dueSteps,
  duplicateSteps,
  ordinarySteps,
  type Step,
  waitSteps,
} from '../world/steps.js';
import { World } from '../world/world.js';
import { Places, restored, type Stored, Visited } from './visited.js';
import { brokenAtOnce, brokenInTheEnd, type Glance, glanceAt } from './invariants.js';

/** How much may go wrong; everything else is tried in every order. */
export interface Bounds {
  readonly crashes: number;
  readonly duplicates: number;
  /** Whether the customer may cancel, at any time. */
  readonly cancels: boolean;
  /** How often time may pass, to the next timer, while something is still under way. */
  readonly earlyTimers: number;
  /** Gives up after so many states. */
  readonly statesMax: number;
}

export interface Explored {
  /** Different states; a state is everything that is stored, under way or in memory. */
  readonly states: number;
  /** Steps from one of them to another, each of which was checked. */
  readonly steps: number;
  /** States in which nothing happens any more, each of which was checked as an end. */
  readonly ends: number;
  /** How the order ended in them. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** False when it gave up. */
  readonly complete: boolean;
  readonly failure: { readonly broken: string; readonly story: readonly string[] } | null;
}

interface Place {
  readonly stored: Stored;
  readonly glance: Glance;
  readonly story: Story | null;
}

/** Which of the possible steps was taken, each time. */
interface Story {
  readonly index: number;
  readonly before: Story | null;
}

/**
 * Visits every state that can be reached within the bounds, each once, and those with fewer faults first. What a
 * process sends is under way at once: a crash between the commit and the sending is a message that takes longer.
 * A state that was reached with fewer faults before has been seen: whatever follows has followed there.
 */
export function explore(
  plan: Plan,
  bounds: Bounds,
  mutant: Mutant | null = null,
  progress: (states: number) => void = () => {},
): Explored {
  const visited = new Visited();
  const places = new Places<Place>();
  const outcomes: Record<string, number> = {};
  let [steps, ends] = [0, 0];
  const result = (complete: boolean, failure: Explored['failure']): Explored => ({
    states: visited.count,
    steps,
    ends,
    outcomes,
    complete,
    failure,
  });
  const first = World.at(plan, mutant);
  first.publish('order');
  places.add(first.state, {
    stored: visited.add(first.state)!,
    glance: glanceAt(first.state, plan),
    story: null,
  });

  for (let place = places.next(); place !== undefined; place = places.next()) {
    const { stored, glance: before } = place;
    const world = new World(plan, mutant, restored(stored, null));
    const possible = stepsOf(world, bounds);
    if (possible.length === 0) {
      ends++;
      const broken = brokenInTheEnd(world.state, plan, isUndisturbed(world));
      if (broken !== null) return result(false, { broken, story: told(plan, bounds, mutant, place.story) });
      const outcome = outcomeOf(world.state, plan);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    for (const [index, step] of possible.entries()) {
      world.state = restored(stored, step.at);
      take(world, step);
      steps++;
      const { state } = world;
      const story = { index, before: place.story };
      const glance = glanceAt(state, plan);
      const broken = brokenAtOnce(state, plan, before, glance);
      if (broken !== null) return result(false, { broken, story: told(plan, bounds, mutant, story) });
      const next = visited.add(state);
      if (next === null) continue;
      places.add(state, { stored: next, glance, story });
      if (visited.count % 20_000 === 0) progress(visited.count);
      if (visited.count >= bounds.statesMax) return result(false, null);
    }
  }
  return result(true, null);
}

/** A step, and the sending of what it has to say. */
function take(world: World, step: Step): void {
  step.take();
  if (step.at !== null && world.node(step.at).outbox.length > 0) world.publish(step.at);
}

function stepsOf(world: World, { crashes, duplicates, cancels, earlyTimers }: Bounds): Step[] {
  const { happened } = world.state;
  const steps = [...ordinarySteps(world), ...dueSteps(world)];
  if (steps.length === 0) steps.push(...waitSteps(world));
  else if (happened.earlyTimers < earlyTimers)
    steps.push(...waitSteps(world).map(step => early(world, step)));
  // When nothing can happen any more, it is the end, whatever else might go wrong.
  if (steps.length === 0) return steps;
  if (happened.duplicates < duplicates) steps.push(...duplicateSteps(world));
  if (happened.crashes < crashes) steps.push(...crashAndRestartSteps(world));
  if (cancels) steps.push(...cancelSteps(world));
  return steps;
}

function early(world: World, step: Step): Step {
  const take = () => {
    world.state.happened.earlyTimers++;
    step.take();
  };
  return { ...step, take };
}

/** Nobody has cancelled, no time has passed, and no participant has asked a coordinator that had not decided. */
function isUndisturbed({ state, plan }: World): boolean {
  const { cancelled, crashes } = state.happened;
  const asked = plan.protocol === 'two-phase' && crashes > 0;
  return state.now === beginsAt && cancelled.length === 0 && !asked;
}

/** The same steps once more, in words. */
function told(plan: Plan, bounds: Bounds, mutant: Mutant | null, story: Story | null): string[] {
  const indices: number[] = [];
  for (let at = story; at !== null; at = at.before) indices.unshift(at.index);
  const world = World.at(plan, mutant);
  world.publish('order');
  return indices.map(index => {
    const step = stepsOf(world, bounds)[index]!;
    const label = step.label();
    take(world, step);
    return label;
  });
}

function outcomeOf({ nodes }: State, { orders }: Plan): string {
  return orders
    .map(({ id }) => {
      const { status, reason } = nodes.order.own[id] as { status: string; reason?: string };
      return reason === undefined ? status : `${status} (${reason})`;
    })
    .join(', ');
}
