import { type CancellationReason, cancellationReasons } from '@ballast/contracts';
import { given, type Scenario } from '@ballast/saga/testing';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { anOrder } from './an-order.fixture.js';
import { placeOrder } from './index.js';

const reserved = (scenario: Scenario) =>
  scenario
    .expectCommand('inventory.reserve', { data: { lines: [{ sku: 'blue-kettle', quantity: 2 }] } })
    .reply({ warehouse: 'york' });

const authorized = (scenario: Scenario) =>
  reserved(scenario)
    .expectCommand('payment.authorize', {
      data: { customerId: 'alice', amountCents: 7_800, method: { kind: 'wallet' } },
    })
    .reply({ authorizationId: 'a-1' });

const booked = (scenario: Scenario) =>
  authorized(scenario)
    .expectCommand('shipping.book', {
      data: { from: 'york', address: anOrder().address, day: '2026-11-21' },
    })
    .reply({ day: '2026-11-21' });

test('an order that everybody agrees to is completed', () => {
  booked(given(placeOrder, anOrder()))
    .expectCommand('payment.capture', { data: { authorizationId: 'a-1' } })
    .reply({ captureId: 'c-1' })
    .expectCommand('inventory.commit')
    .expectCommand('shipping.dispatch')
    .reply({ trackingNumber: 'T-1' })
    .to('inventory.commit')
    .reply()
    .expectCommand('order.complete')
    .reply()
    .expectCompleted();
});

test('stock that is not there cancels the order, and nothing has to be given back', () => {
  given(placeOrder, anOrder())
    .expectCommand('inventory.reserve')
    .reject('OUT_OF_STOCK')
    .expectTold('order.cancel', { reason: 'OUT_OF_STOCK' })
    .expectCompensated('OUT_OF_STOCK');
});

test('a rejected payment gives the stock back', () => {
  reserved(given(placeOrder, anOrder()))
    .expectCommand('payment.authorize')
    .reject('INSUFFICIENT_FUNDS')
    .expectCommand('inventory.release')
    .reply()
    .expectTold('order.cancel', { reason: 'INSUFFICIENT_FUNDS' })
    .expectCompensated('INSUFFICIENT_FUNDS');
});

test('an address that is not served gives the money and then the stock back', () => {
  authorized(given(placeOrder, anOrder()))
    .expectCommand('shipping.book')
    .reject('ADDRESS_NOT_SERVED')
    .expectCommand('payment.void')
    .expectCompensating('ADDRESS_NOT_SERVED')
    .reply()
    .expectCommand('inventory.release')
    .reply()
    .expectCompensated('ADDRESS_NOT_SERVED');
});

test('a declined capture takes everything back, in reverse', () => {
  booked(given(placeOrder, anOrder()))
    .expectCommand('payment.capture')
    .reject('CAPTURE_DECLINED')
    .expectCommand('shipping.cancel')
    .reply()
    .expectCommand('payment.void')
    .reply()
    .expectCommand('inventory.release')
    .reply()
    .expectCompensated('CAPTURE_DECLINED');
});

test('a cancel while the payment is being authorized voids it without knowing its answer', () => {
  reserved(given(placeOrder, anOrder()))
    .expectCommand('payment.authorize')
    .cancel()
    .expectCommand('payment.void')
    .reply()
    .expectCommand('inventory.release')
    .reply()
    .expectTold('order.cancel', { reason: 'CANCELLED' })
    .expectCompensated('CANCELLED');
});

test('every reason why an order can be cancelled is in the contract', () => {
  const known: readonly string[] = cancellationReasons;
  const mine: CancellationReason[] = ['CANCELLED', 'DEADLINE', 'TIMEOUT', 'INVALID_INPUT', 'OPERATOR'];
  const rejections = placeOrder.steps
    .filter(({ kind }) => kind !== 'must-finish')
    .flatMap(step => step.do.rejects);
  expect([...known].sort()).toEqual([...new Set([...rejections, ...mine])].sort());
});

test('the sentence in the README is one of these, whole', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  const shown = [...read('../README.md').matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
  const sentences = read('orchestrated.test.ts').matchAll(/^ {2}(given[^]*?;\n)/gm);
  expect(shown).toHaveLength(1);
  expect([...sentences].map(([, code]) => code!.replaceAll(/^ {2}/gm, ''))).toContain(shown[0]);
});
