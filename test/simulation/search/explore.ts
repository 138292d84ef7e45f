import type { Mutant } from '../world/mutants.js';
import { beginsAt, type Plan } from '../world/plan.js';
import { nodeNames, type State } from '../world/state.js';
import { World } from '../world/world.js';
import { CheckedViews } from './checked-views.js';
import { aroundAt, Components, type Numbers, stateAround } from './components.js';
import { brokenInTheEnd } from './invariants.js';
import { type LocalStep, LocalSteps } from './local-steps.js';
import { type Reached, StateTable } from './state-table.js';
import { Turns } from './turns.js';

/** How much may go wrong; everything else is tried in every order. */
export interface Bounds {
  readonly crashes: number;
  readonly duplicates: number;
  /** Whether the customer may cancel, at any time. */
  readonly cancels: boolean;
  /** How often time may pass, to the next timer, while something is still under way. */
  readonly earlyTimers: number;
  /** After a coordinator's decision one participant after the other comes to rest: see turns.ts. */
  readonly inTurns?: boolean;
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

/** A state that is looked at. */
interface Visit {
  /** Its number among those that were seen. */
  readonly state: number;
  readonly numbers: Numbers;
  readonly faults: Faults;
}

interface Faults {
  readonly crashes: number;
  readonly duplicates: number;
  readonly earlyTimers: number;
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
  return new Exploring(plan, bounds, mutant, progress).run();
}

/** The bits of the table's column. */
const faultsMax = 16;

class Exploring {
  readonly #components = new Components();
  readonly #local: LocalSteps;
  readonly #checks: CheckedViews;
  readonly #turns: Turns | null;
  readonly #seen = new StateTable();
  /** What is still to be looked at, by the number of faults that it took to get there. */
  readonly #left: number[][] = [];
  readonly #outcomes: Record<string, number> = {};
  #steps = 0;
  #ends = 0;

  constructor(
    private readonly plan: Plan,
    private readonly bounds: Bounds,
    private readonly mutant: Mutant | null,
    private readonly progress: (states: number) => void,
  ) {
    const { crashes, duplicates, earlyTimers, inTurns = false } = bounds;
    if ((crashes + 1) * (duplicates + 1) * (earlyTimers + 1) > faultsMax)
      throw new RangeError(`an exploration counts ${faultsMax} combinations of faults at most`);
    this.#local = new LocalSteps(this.#components, plan, mutant);
    this.#checks = new CheckedViews(this.#components, plan);
    this.#turns = inTurns ? new Turns(this.#components, plan, bounds) : null;
  }

  run(): Explored {
    const first = World.at(this.plan, this.mutant);
    first.publish('order');
    const none = { crashes: 0, duplicates: 0, earlyTimers: 0 };
    this.#add(this.#components.numbersOf(first.state), none, { before: -1, label: 'the order is placed' });
    for (let visit = this.#next(); visit !== undefined; visit = this.#next()) {
      const broken = this.#lookAt(visit);
      if (broken !== null) return this.#result(false, broken);
      if (this.#seen.count >= this.bounds.statesMax) return this.#result(false, null);
    }
    return this.#result(true, null);
  }

  #lookAt(visit: Visit): Explored['failure'] {
    const { numbers, faults } = visit;
    const { crashes, duplicates, earlyTimers, cancels } = this.bounds;
    const possible = nodeNames.map((_, index) => this.#local.at(index, numbers));
    const moves = possible.some(steps => steps.some(({ kind }) => kind === 'ordinary'));
    const later = !moves || faults.earlyTimers < earlyTimers ? this.#afterWaiting(numbers) : null;
    // When nothing can happen any more, it is the end, whatever else might go wrong.
    if (!moves && later === null) return this.#end(visit);
    if (later !== null) {
      const early = moves ? { ...faults, earlyTimers: faults.earlyTimers + 1 } : faults;
      const broken = this.#go(visit, later, early, 'time passes, to the next timer');
      if (broken !== null) return broken;
    }
    const allowed: Readonly<Record<LocalStep['kind'], Faults | null>> = {
      ordinary: faults,
      crash: faults.crashes < crashes ? { ...faults, crashes: faults.crashes + 1 } : null,
      duplicate: faults.duplicates < duplicates ? { ...faults, duplicates: faults.duplicates + 1 } : null,
      cancel: cancels ? faults : null,
    };
    const looked = this.#turns?.of(numbers, possible) ?? possible;
    for (const [index, steps] of looked.entries()) {
      for (const step of steps) {
        const after = allowed[step.kind];
        if (after === null) continue;
        if (step.alarm !== null) return this.#failure(step.alarm, visit, step.label);
        const broken = this.#go(visit, this.#local.after(index, numbers, step), after, step.label);
        if (broken !== null) return broken;
      }
    }
    return null;
  }

  #go(visit: Visit, numbers: Numbers, faults: Faults, label: string): Explored['failure'] {
    this.#steps++;
    const broken = this.#checks.broken(visit.numbers, numbers);
    if (broken !== null) return this.#failure(broken, visit, label);
    if (this.#seen.count < this.bounds.statesMax) this.#add(numbers, faults, { before: visit.state, label });
    return null;
  }

  #add(numbers: Numbers, faults: Faults, reached: Reached): void {
    const number = this.#numberOf(faults);
    const states = this.#seen.count;
    const state = this.#seen.add(numbers, number, this.#coveredBy(faults), reached);
    if (state === null) return;
    const count = faults.crashes + faults.duplicates + faults.earlyTimers;
    while (this.#left.length <= count) this.#left.push([]);
    this.#left[count]!.push(state * faultsMax + number);
    if (this.#seen.count > states && this.#seen.count % 20_000 === 0) this.progress(this.#seen.count);
  }

  #next(): Visit | undefined {
    const left = this.#left.find(visits => visits.length > 0)?.pop();
    if (left === undefined) return undefined;
    const [state, number] = [Math.floor(left / faultsMax), left % faultsMax];
    return { state, numbers: this.#seen.numbersOf(state), faults: this.#faultsOf(number) };
  }

  #failure(broken: string, visit: Visit, label?: string): Explored['failure'] {
    const story = this.#seen.storyOf(visit.state);
    return { broken, story: label === undefined ? story : [...story, label] };
  }

  #faultsOf(number: number): Faults {
    const { bounds } = this;
    const [early, duplicates] = [bounds.earlyTimers + 1, bounds.duplicates + 1];
    return {
      crashes: Math.floor(number / early / duplicates),
      duplicates: Math.floor(number / early) % duplicates,
      earlyTimers: number % early,
    };
  }

  #numberOf({ crashes, duplicates, earlyTimers }: Faults): number {
    const { bounds } = this;
    return (crashes * (bounds.duplicates + 1) + duplicates) * (bounds.earlyTimers + 1) + earlyTimers;
  }

  /** The bits of these faults, and of all that are more. */
  #coveredBy(faults: Faults): number {
    const { bounds } = this;
    let bits = 0;
    for (let crashes = faults.crashes; crashes <= bounds.crashes; crashes++) {
      for (let duplicates = faults.duplicates; duplicates <= bounds.duplicates; duplicates++) {
        for (let earlyTimers = faults.earlyTimers; earlyTimers <= bounds.earlyTimers; earlyTimers++)
          bits |= 1 << this.#numberOf({ crashes, duplicates, earlyTimers });
      }
    }
    return bits;
  }

  /** Time passes, to the next timer that is not due yet; null when there is none. */
  #afterWaiting(numbers: Numbers): Numbers | null {
    const around = this.#components.surroundingsAt(numbers[aroundAt]!);
    let next = Infinity;
    for (let index = 0; index < nodeNames.length; index++) {
      for (const at of this.#local.timersAt(index, numbers[index]!)) {
        if (at > around.now && at < next) next = at;
      }
    }
    if (next === Infinity) return null;
    const later = stateAround({ ...around, now: next }) as State;
    return [...numbers.slice(0, aroundAt), this.#components.around(later)];
  }

  #end(visit: Visit): Explored['failure'] {
    this.#ends++;
    const state = this.#components.stateOf(visit.numbers);
    const broken = brokenInTheEnd(state, this.plan, this.#isUndisturbed(state, visit.faults));
    if (broken !== null) return this.#failure(broken, visit);
    const outcome = outcomeOf(state, this.plan);
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    return null;
  }

  /** Nobody has cancelled, no time has passed, and no participant has asked a coordinator that had not decided. */
  #isUndisturbed({ now, happened: { cancelled } }: State, { crashes }: Faults): boolean {
    const asked = this.plan.protocol === 'two-phase' && crashes > 0;
    return now === beginsAt && cancelled.length === 0 && !asked;
  }

  #result(complete: boolean, failure: Explored['failure']): Explored {
    return {
      states: this.#seen.count,
      steps: this.#steps,
      ends: this.#ends,
      outcomes: this.#outcomes,
      complete,
      failure,
    };
  }
}

function outcomeOf({ nodes }: State, { orders }: Plan): string {
  return orders
    .map(({ id }) => {
      const { status, reason } = nodes.order.own[id] as { status: string; reason?: string };
      return reason === undefined ? status : `${status} (${reason})`;
    })
    .join(', ');
}
