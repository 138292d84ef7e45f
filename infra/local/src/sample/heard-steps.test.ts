import type { ChoreographedDetails } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { heardSteps } from './heard-steps.js';

const stepsOf = (...heard: string[]) => {
  const timeline = heard.map(type => ({ type }));
  const steps = heardSteps({ timeline } as unknown as ChoreographedDetails);
  return steps.map(({ name, state, undone }) => `${name}: ${undone ? 'undone' : state}`).slice(0, 4);
};

test('the steps of a choreographed order are those that were announced', () => {
  expect(stepsOf('order.placed', 'inventory.reserved', 'payment.authorized')).toEqual([
    'reserve stock: done',
    'authorize payment: done',
    'book shipment: begun',
    'capture payment: not begun',
  ]);
});

test('undone is what was done or under way; an answer to nothing undoes nothing', () => {
  const undone = ['payment.voided', 'inventory.released', 'shipping.cancelled'];
  expect(stepsOf('order.placed', 'inventory.reserved', 'payment.rejected', ...undone)).toEqual([
    'reserve stock: undone',
    'authorize payment: rejected',
    'book shipment: not begun',
    'capture payment: not begun',
  ]);
  expect(stepsOf('order.placed', 'inventory.reserved', ...undone).slice(0, 2)).toEqual([
    'reserve stock: undone',
    'authorize payment: undone',
  ]);
});
