import { done, refused, type Decision, type ParticipantState } from '@ballast/contracts';

/** How far an order has come. Only PENDING is ever left. */
export type OrderProgress =
  | { readonly status: 'PENDING' }
  | { readonly status: 'COMPLETED' }
  | { readonly status: 'CANCELLED'; readonly reason: string };

type State = ParticipantState<OrderProgress>;
type Ending = Exclude<OrderProgress, { status: 'PENDING' }>;

/**
 * What an ending is refused with when the order has ended in the other way, or does not exist. Neither can happen
 * while a saga's steps are right: each is an alarm, and the saga is parked for a person to look at.
 */
export const endingRefusals = ['ORDER_ENDED_OTHERWISE', 'ORDER_UNKNOWN'] as const;
export type EndingRefusal = (typeof endingRefusals)[number];

/** `order.complete`: every step of the order is done. */
export const complete = (state: State): Decision<State, Record<string, never>> =>
  end(state, { status: 'COMPLETED' });

/** `order.cancel`: every step of the order is undone. The first reason stays. */
export const cancel = (state: State, data: { reason: string }): Decision<State, Record<string, never>> =>
  end(state, { status: 'CANCELLED', reason: data.reason });

function end(state: State, ending: Ending): Decision<State, Record<string, never>> {
  const progress = state.own;
  if (progress === undefined) return refusal('ORDER_UNKNOWN', 'there is no such order');
  if (progress.status === 'PENDING') return done({ ...state, own: ending }, {});
  if (progress.status === ending.status) return done(state, {});
  return refusal(
    'ORDER_ENDED_OTHERWISE',
    `the order is ${progress.status}, it cannot become ${ending.status}`,
  );
}

const refusal = (code: EndingRefusal, detail: string) => refused(code, detail);
