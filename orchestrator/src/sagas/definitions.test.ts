import { placeOrder } from '@ballast/place-order';
import { withDefaults } from '@ballast/saga';
import { expect, test } from 'vitest';
import { Definitions } from './definitions.js';

const second = { ...withDefaults(placeOrder, {}), version: 2 };

test('new instances get the newest version, whichever stands first', () => {
  for (const sagas of [
    [placeOrder, second],
    [second, placeOrder],
  ]) {
    const definitions = new Definitions(sagas);
    expect(definitions.newest('place-order')?.version).toBe(2);
    expect(definitions.of({ definition: 'place-order', version: 1 })?.version).toBe(1);
  }
});

test('one version has one definition', () => {
  expect(() => new Definitions([placeOrder, withDefaults(placeOrder, {})])).toThrow(
    'two definitions of place-order 1',
  );
});

test('every command of a saga has an answer that is understood', () => {
  const { answers, noticeAnswer } = new Definitions([placeOrder]).newest('place-order')!;
  expect([...answers].map(([type, { step, operation }]) => `${type}: ${operation} ${step}`)).toEqual([
    'inventory.reserve.answered: do reserve stock',
    'inventory.release.answered: undo reserve stock',
    'payment.authorize.answered: do authorize payment',
    'payment.void.answered: undo authorize payment',
    'shipping.book.answered: do book shipment',
    'shipping.cancel.answered: undo book shipment',
    'payment.capture.answered: do capture payment',
    'inventory.commit.answered: do commit stock',
    'shipping.dispatch.answered: do dispatch shipment',
    'order.complete.answered: do complete order',
  ]);
  expect(noticeAnswer).toBe('order.cancel.answered');
});
