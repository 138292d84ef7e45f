import {
  call,
  done,
  Label,
  refused,
  rejected,
  type Address,
  type bookShipment,
  type cancelShipment,
  type CreateLabel,
  type DataOf,
  type Decision,
  type dispatchShipment,
  type OutsideAnswer,
  type OutsideCall,
  type ParticipantState,
  type ReplyOf,
} from '@ballast/contracts';
import type { z } from 'zod';
import { capacityKeyOf, takeSlot, type Capacity, type SlotChange, type SlotId } from './capacity.js';

/**
 * The shipment of one order. A rejected booking leaves none.
 *
 *     none -> booked -> dispatching -> dispatched
 *               \
 *                cancelled
 *
 * A dispatch comes after the pivot and must finish: a carrier that refuses is asked anew at the next attempt, and the
 * shipment stays `dispatching` until it has its label.
 */
export type Shipment =
  | { readonly status: 'booked' | 'dispatching' | 'cancelled'; readonly plan: Plan; readonly slotId: SlotId }
  | {
      readonly status: 'dispatched';
      readonly plan: Plan;
      readonly slotId: SlotId;
      readonly trackingNumber: string;
    };

export type ShipmentStatus = Shipment['status'];

/** Where it goes, and on which day. */
export interface Plan {
  readonly address: Address;
  readonly day: string;
}

export type LabelCall = OutsideCall<'carrier', 'label', z.infer<typeof CreateLabel>>;

/** Capacities by `zone/day`: the one that the booking names. */
export type ShipmentState = ParticipantState<Shipment, Capacity, SlotChange>;

interface About {
  readonly orderId: string;
}
type Books = Decision<ShipmentState, ReplyOf<typeof bookShipment>, (typeof bookShipment)['rejects'][number]>;
type Cancels = Decision<ShipmentState, ReplyOf<typeof cancelShipment>>;
type Dispatches = Decision<ShipmentState, ReplyOf<typeof dispatchShipment>, never, LabelCall>;

/** Takes a free slot of the address's zone on that day. */
export function book(
  state: ShipmentState,
  { address, day }: DataOf<typeof bookShipment>,
  { orderId }: About,
): Books {
  // The barrier answers every further attempt from what it has stored.
  if (state.own !== undefined) throw new IllegalTransition(orderId, state.own.status, 'booked');
  const key = capacityKeyOf(address.zone, day);
  const capacity = state.shared.get(key);
  if (capacity === undefined)
    return rejected('ADDRESS_NOT_SERVED', `the carrier does not serve ${address.zone}`);
  const taken = takeSlot(capacity);
  if (taken === null) return rejected('NO_CAPACITY', `no slot of ${address.zone} is free on ${day}`);
  const { slotId, rest } = taken;
  return done(
    {
      own: { status: 'booked', plan: { address, day }, slotId },
      shared: new Map(state.shared).set(key, rest),
      appended: [{ kind: 'taken', slotId, orderId }],
    },
    { day },
  );
}

/** Gives the slot back. Refused once the carrier was asked for the label: the order goes forward only. */
export function cancel(state: ShipmentState, _data: object, { orderId }: About): Cancels {
  const shipment = state.own;
  switch (shipment?.status) {
    // The barrier keeps anything from being booked later.
    case undefined:
    case 'cancelled':
      return done(state, {});
    case 'dispatching':
    case 'dispatched':
      return refused('ALREADY_DISPATCHED', `the shipment is ${shipment.status}`);
    case 'booked': {
      const { plan, slotId } = shipment;
      return done(
        {
          own: { status: 'cancelled', plan, slotId },
          shared: state.shared,
          appended: [{ kind: 'freed', slotId, orderId }],
        },
        {},
      );
    }
  }
}

/** Asks the carrier for the label: anew, when it refused before. */
export function dispatch(state: ShipmentState, _data: object, { orderId }: About): Dispatches {
  const shipment = state.own;
  switch (shipment?.status) {
    case undefined:
      return refused('NOT_BOOKED', 'nothing was booked');
    case 'cancelled':
      return refused('NOT_BOOKED', 'the booking was cancelled');
    case 'dispatched':
      return done(state, { trackingNumber: shipment.trackingNumber });
    case 'dispatching':
      return call(state, labelCall(orderId, shipment.plan));
    case 'booked': {
      const { plan, slotId } = shipment;
      return call(withOwn(state, { status: 'dispatching', plan, slotId }), labelCall(orderId, plan));
    }
  }
}

/** The carrier has answered. What it refuses is answered as "not now", and asked again at the next attempt. */
export function labelAnswered(
  state: ShipmentState,
  answer: OutsideAnswer,
  _data: object,
  { orderId }: About,
): Dispatches {
  const shipment = state.own;
  if (shipment?.status !== 'dispatching') {
    throw new IllegalTransition(orderId, shipment?.status ?? 'none', 'dispatched');
  }
  if (answer.kind === 'refused') return refused('LABEL_REFUSED', answer.detail ?? answer.code);
  const { trackingNumber } = Label.parse(answer.body);
  const { plan, slotId } = shipment;
  return done(withOwn(state, { status: 'dispatched', plan, slotId, trackingNumber }), { trackingNumber });
}

/** The zone's day that a booking takes a slot of; the other commands change the order's own slot only. */
export function capacitiesOf(command: { type: string; data: unknown }): readonly string[] {
  switch (command.type as (typeof bookShipment | typeof cancelShipment | typeof dispatchShipment)['type']) {
    case 'shipping.book': {
      const { address, day } = command.data as DataOf<typeof bookShipment>;
      return [capacityKeyOf(address.zone, day)];
    }
    case 'shipping.cancel':
    case 'shipping.dispatch':
      return [];
  }
}

export class IllegalTransition extends Error {
  readonly code = 'BALLAST_ILLEGAL_TRANSITION';

  constructor(
    readonly orderId: string,
    readonly from: ShipmentStatus | 'none',
    readonly to: ShipmentStatus,
  ) {
    super(`the shipment of order ${orderId} is ${from}: it cannot become ${to}`);
    this.name = 'IllegalTransition';
  }
}

const withOwn = (state: ShipmentState, own: Shipment): ShipmentState => ({ ...state, own });

const labelCall = (orderId: string, { address, day }: Plan): LabelCall => ({
  party: 'carrier',
  operation: 'label',
  request: { reference: orderId, address, day },
});
