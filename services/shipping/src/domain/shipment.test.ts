import { describe, expect, test } from 'vitest';
import type { Capacity } from './capacity.js';
import {
  book,
  cancel,
  capacitiesOf,
  dispatch,
  IllegalTransition,
  labelAnswered,
  type Plan,
  type Shipment,
  type ShipmentState,
} from './shipment.js';

const about = { orderId: 'order-1' };
const address = {
  zone: 'north',
  name: 'Alice',
  street: '1 High Street',
  city: 'York',
  postalCode: 'YO1 7HX',
};
const plan: Plan = { address, day: '2030-12-24' };
const booking = { from: 'york', ...plan };
const key = 'north/2030-12-24';

/** Every state that a shipment can be in; a test that concerns all of them runs through this list. */
const states = {
  none: undefined,
  booked: { status: 'booked', plan, slotId: 7 },
  cancelled: { status: 'cancelled', plan, slotId: 7 },
  dispatching: { status: 'dispatching', plan, slotId: 7 },
  dispatched: { status: 'dispatched', plan, slotId: 7, trackingNumber: 'track-9' },
} as const satisfies Record<string, Shipment | undefined>;
type Name = keyof typeof states;
const others = (...names: Name[]): Name[] =>
  (Object.keys(states) as Name[]).filter(name => !names.includes(name));

const given = (own: Shipment | undefined, ...capacities: Capacity[]): ShipmentState => ({
  own,
  shared: new Map(capacities.map(capacity => [capacity.key, capacity])),
  appended: [],
});
const free = (...slots: number[]): Capacity => ({ key, free: slots });
const labelCall = {
  party: 'carrier',
  operation: 'label',
  request: { reference: 'order-1', address, day: '2030-12-24' },
};
const refusal = { kind: 'refused', code: 'too_heavy', detail: 'no van is that strong' } as const;

describe('book', () => {
  test('takes the first free slot of the zone’s day, and leaves the others', () => {
    expect(book(given(undefined, free(7, 8, 9)), booking, about)).toEqual({
      kind: 'done',
      reply: { day: '2030-12-24' },
      state: {
        own: states.booked,
        shared: new Map([[key, free(8, 9)]]),
        appended: [{ kind: 'taken', slotId: 7, orderId: 'order-1' }],
      },
    });
  });

  test('takes the last slot', () => {
    expect(book(given(undefined, free(7)), booking, about)).toMatchObject({
      kind: 'done',
      state: { shared: new Map([[key, free()]]) },
    });
  });

  test('is rejected when no slot is free on that day', () => {
    const decision = book(given(undefined, free()), booking, about);
    expect(decision).toEqual({
      kind: 'rejected',
      code: 'NO_CAPACITY',
      detail: 'no slot of north is free on 2030-12-24',
    });
  });

  test('is rejected when the zone is not served, whatever other zones have', () => {
    const south: Capacity = { key: 'south/2030-12-24', free: [1] };
    expect(book(given(undefined, south), booking, about)).toEqual({
      kind: 'rejected',
      code: 'ADDRESS_NOT_SERVED',
      detail: 'the carrier does not serve north',
    });
  });

  test.each(others('none'))('never starts again from %s', name => {
    expect(() => book(given(states[name], free(8)), booking, about)).toThrow(IllegalTransition);
  });
});

describe('cancel', () => {
  test('frees the slot that the order has', () => {
    expect(cancel(given(states.booked), {}, about)).toEqual({
      kind: 'done',
      reply: {},
      state: {
        own: states.cancelled,
        shared: new Map(),
        appended: [{ kind: 'freed', slotId: 7, orderId: 'order-1' }],
      },
    });
  });

  test.each(['none', 'cancelled'] as const)('frees nothing when the shipment is %s', name => {
    const state = given(states[name]);
    expect(cancel(state, {}, about)).toEqual({ kind: 'done', reply: {}, state });
  });

  test.each(['dispatching', 'dispatched'] as const)('comes too late when the shipment is %s', name => {
    expect(cancel(given(states[name]), {}, about)).toMatchObject({
      kind: 'refused',
      code: 'ALREADY_DISPATCHED',
    });
  });
});

describe('dispatch', () => {
  test('asks the carrier for a label', () => {
    expect(dispatch(given(states.booked), {}, about)).toEqual({
      kind: 'call',
      state: given(states.dispatching),
      call: labelCall,
    });
  });

  test('asks anew for what the carrier refused before', () => {
    const state = given(states.dispatching);
    expect(dispatch(state, {}, about)).toEqual({ kind: 'call', state, call: labelCall });
  });

  test('keeps the tracking number of the label', () => {
    const answer = { kind: 'accepted', body: { trackingNumber: 'track-9' } } as const;
    expect(labelAnswered(given(states.dispatching), answer, {}, about)).toEqual({
      kind: 'done',
      reply: { trackingNumber: 'track-9' },
      state: given(states.dispatched),
    });
  });

  test('is put off when the carrier refuses, and changes nothing', () => {
    const decision = labelAnswered(given(states.dispatching), refusal, {}, about);
    expect(decision).toEqual({ kind: 'refused', code: 'LABEL_REFUSED', detail: 'no van is that strong' });
  });

  test('answers the same when it is dispatched already, and asks nobody', () => {
    const state = given(states.dispatched);
    expect(dispatch(state, {}, about)).toEqual({ kind: 'done', reply: { trackingNumber: 'track-9' }, state });
  });

  test.each(['none', 'cancelled'] as const)('is put off while the shipment is %s', name => {
    expect(dispatch(given(states[name]), {}, about)).toMatchObject({ kind: 'refused', code: 'NOT_BOOKED' });
  });

  test.each(others('dispatching'))('is not answered by a carrier that nobody asked: %s', name => {
    expect(() => labelAnswered(given(states[name]), refusal, {}, about)).toThrow(IllegalTransition);
  });
});

test('a booking needs the capacity of its zone’s day, the other commands need none', () => {
  expect(capacitiesOf({ type: 'shipping.book', data: booking })).toEqual([key]);
  expect(capacitiesOf({ type: 'shipping.cancel', data: {} })).toEqual([]);
  expect(capacitiesOf({ type: 'shipping.dispatch', data: {} })).toEqual([]);
});
