import { onePlan, type Plan, plannedOrder, type Protocol } from '../world/plan.js';
import type { Bounds } from './explore.js';

export interface Exploration {
  readonly name: string;
  readonly plan: Plan;
  readonly bounds: Omit<Bounds, 'statesMax'>;
}

const faults: Exploration['bounds'] = { crashes: 2, duplicates: 1, cancels: false, earlyTimers: 0 };
const cancelled = { ...faults, duplicates: 0, cancels: true };
const late = { ...faults, duplicates: 0, earlyTimers: 1 };
const impatient = { orders: [plannedOrder(1, { deadlineMs: 4_000 })] };

/** What is explored: one order, and everything that can happen to it within these bounds, in every order. */
export const explorationsOf = (protocol: Protocol): readonly Exploration[] =>
  protocol === 'two-phase' ? explorationsOfTwoPhase : explorationsOfSteps(protocol);

const explorationsOfSteps = (protocol: Protocol): Exploration[] => [
  { name: 'an order that everybody agrees to', plan: onePlan(protocol), bounds: faults },
  { name: 'one without goods', plan: onePlan(protocol, { pieces: 0 }), bounds: faults },
  { name: 'one without a slot', plan: onePlan(protocol, { slots: 0 }), bounds: faults },
  {
    name: 'one whose card is declined',
    plan: onePlan(protocol, { orders: [plannedOrder(1, { card: true, gatewayDeclines: 'hold' })] }),
    bounds: faults,
  },
  { name: 'one that may be cancelled at any time', plan: onePlan(protocol), bounds: cancelled },
  {
    name: 'one whose deadline may pass while something is under way',
    plan: onePlan(protocol, impatient),
    bounds: late,
  },
];

/** Four branches may each be anywhere while the others are: in turns, which leaves nothing out (turns.ts). */
const inTurns = { ...faults, inTurns: true };
const two = { branches: ['order', 'payment'] };
const explorationsOfTwoPhase: readonly Exploration[] = [
  { name: 'an order that all four agree to', plan: onePlan('two-phase'), bounds: inTurns },
  { name: 'one without goods', plan: onePlan('two-phase', { pieces: 0 }), bounds: inTurns },
  {
    name: 'one that may be cancelled at any time',
    plan: onePlan('two-phase'),
    bounds: { ...cancelled, inTurns: true },
  },
  // And without taking turns, for which there have to be fewer faults, or fewer of them.
  {
    name: 'an order that all four agree to, in any order, and a crash',
    plan: onePlan('two-phase'),
    bounds: { ...faults, crashes: 1, duplicates: 0 },
  },
  {
    name: 'an order that all four agree to, in any order, and a duplicate',
    plan: onePlan('two-phase'),
    bounds: { ...faults, crashes: 0 },
  },
  { name: 'two branches, both agree', plan: onePlan('two-phase', two), bounds: faults },
  { name: 'two branches, no money', plan: onePlan('two-phase', { ...two, balanceCents: 0 }), bounds: faults },
  { name: 'two branches, a cancel at any time', plan: onePlan('two-phase', two), bounds: cancelled },
  {
    name: 'two branches, the deadline may pass while something is under way',
    plan: onePlan('two-phase', { ...two, ...impatient }),
    bounds: late,
  },
];
