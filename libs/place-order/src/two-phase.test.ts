import { given } from '@ballast/two-phase/testing';
import { expect, test } from 'vitest';
import { anOrder } from './an-order.fixture.js';
import { placeOrderTwoPhase } from './index.js';

const branches = ['order', 'inventory', 'payment', 'shipping'];

const asked = () => {
  const scenario = given(placeOrderTwoPhase, anOrder());
  for (const name of branches) scenario.expectCommand(`${name}.prepare-branch`);
  return scenario;
};

test('an order that everybody has prepared is committed everywhere, and then gets its label', () => {
  const scenario = asked();
  for (const name of branches) scenario.to(`${name}.prepare-branch`).reply();
  scenario.expectDecided('commit');
  for (const name of branches) scenario.expectCommand(`${name}.commit-branch`).reply();
  scenario.expectCommand('shipping.dispatch').reply({ trackingNumber: 'T-1' }).expectState('committed');
});

test('one that cannot be paid is rolled back everywhere, and cancelled', () => {
  asked()
    .to('payment.prepare-branch')
    .reject('INSUFFICIENT_FUNDS')
    .expectDecided('abort')
    .expectCommand('order.roll-branch-back')
    .reply()
    .expectCommand('inventory.roll-branch-back')
    .reply()
    .expectCommand('shipping.roll-branch-back')
    .reply()
    .expectTold('order.cancel', { reason: 'INSUFFICIENT_FUNDS' })
    .expectState('aborted (INSUFFICIENT_FUNDS)');
});

test('each branch does the same operations as in the other flows, in one transaction', () => {
  const work = Object.fromEntries(
    Object.entries(placeOrderTwoPhase.work).map(([name, items]) => [name, items.map(item => item.do.type)]),
  );
  expect(work).toEqual({
    order: ['order.complete'],
    inventory: ['inventory.reserve', 'inventory.commit'],
    payment: ['payment.authorize', 'payment.capture'],
    shipping: ['shipping.book'],
  });
});

test('a card, whose hold nobody can prepare, is refused before anything begins', () => {
  expect(placeOrderTwoPhase.unpreparable(anOrder())).toBeNull();
  const byCard = { ...anOrder(), payment: { kind: 'card', token: 'tok-1' } } as const;
  expect(placeOrderTwoPhase.unpreparable(byCard)).toBe('CARD_NOT_PREPARABLE');
});
