import { onePlan, type Plan, plannedOrder, type Protocol } from '../world/plan.js';
import type { Bounds } from './explore.js';

export interface Exploration {
  readonly name: string;
  readonly plan: Plan;
  readonly bounds: Omit<Bounds, 'statesMax'>;
}

const faults: Exploration['bounds'] = { crashes: 2, duplicates: 1, cancels: false, earlyTimers: 0 };

/** What is explored: one order, and everything that can happen to it within these bounds, in every order. */
export const explorationsOf = (protocol: Protocol): readonly Exploration[] => [
  { name: 'an order that everybody agrees to', plan: onePlan(protocol), bounds: faults },
  { name: 'one without goods', plan: onePlan(protocol, { pieces: 0 }), bounds: faults },
  { name: 'one without a slot', plan: onePlan(protocol, { slots: 0 }), bounds: faults },
  {
    name: 'one that may be cancelled at any time',
    plan: onePlan(protocol),
    bounds: { ...faults, duplicates: 0, cancels: true },
  },
  {
    name: 'one whose deadline may pass while something is under way',
    plan: onePlan(protocol, { orders: [plannedOrder(1, { deadlineMs: 4_000 })] }),
    bounds: { ...faults, duplicates: 0, earlyTimers: 1 },
  },
  ...(protocol === 'two-phase'
    ? []
    : [
        {
          name: 'one whose card is declined',
          plan: onePlan(protocol, { orders: [plannedOrder(1, { card: true, gatewayDeclines: 'hold' })] }),
          bounds: faults,
        },
      ]),
];
