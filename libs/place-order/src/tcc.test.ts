import { given } from '@ballast/two-phase/testing';
import { test } from 'vitest';
import { anOrder } from './an-order.fixture.js';
import { placeOrderTcc } from './index.js';

const tried = () =>
  given(placeOrderTcc, anOrder())
    .expectCommand('shipping.book', { data: { address: anOrder().address, day: '2026-11-21' } })
    .expectCommand('payment.authorize', {
      data: { customerId: 'alice', amountCents: 7_800, method: { kind: 'wallet' } },
    })
    .expectCommand('inventory.reserve', { data: { lines: [{ sku: 'blue-kettle', quantity: 2 }] } });

test('an order that everybody agrees to is confirmed everywhere, and completed', () => {
  tried()
    .reply({ warehouse: 'york' })
    .to('shipping.book')
    .reply({ day: '2026-11-21' })
    .expectUndecided()
    .to('payment.authorize')
    .reply({ authorizationId: 'a-1' })
    .expectDecided('commit')
    .expectCommand('inventory.commit')
    .reply()
    .expectCommand('payment.capture', { data: { authorizationId: 'a-1' } })
    .reply({ captureId: 'c-1' })
    .expectCommand('shipping.dispatch')
    .reply({ trackingNumber: 'T-1' })
    .expectCommand('order.complete')
    .reply()
    .expectState('committed');
});

test('stock that is not there cancels the other tries, answered or not', () => {
  tried()
    .to('shipping.book')
    .reply({ day: '2026-11-21' })
    .to('inventory.reserve')
    .reject('OUT_OF_STOCK')
    .expectCommand('payment.void')
    .reply()
    .expectCommand('shipping.cancel')
    .reply()
    .expectTold('order.cancel', { reason: 'OUT_OF_STOCK' })
    .expectState('aborted (OUT_OF_STOCK)');
});

test('a cancel while nothing is answered cancels every try', () => {
  tried()
    .cancel()
    .expectCommand('inventory.release')
    .reply()
    .expectCommand('payment.void')
    .reply()
    .expectCommand('shipping.cancel')
    .reply()
    .expectTold('order.cancel', { reason: 'CANCELLED' })
    .expectState('aborted (CANCELLED)');
});

test('goods whose hold has expired are given back, as nothing is decided yet', () => {
  tried()
    .reply({ warehouse: 'york' })
    .asks('inventory')
    .expectDecided('abort')
    .expectCommand('inventory.release')
    .expectCommand('payment.void')
    .expectCommand('shipping.cancel')
    .expectState('aborting (TIMEOUT)');
});
