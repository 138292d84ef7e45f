import { diagramOf, heardBy } from '@ballast/choreography';
import { given } from '@ballast/choreography/testing';
import {
  captureRejected,
  orderCancelRequested,
  orderDeadlinePassed,
  orderPlaced,
  paymentAuthorized,
  paymentCaptured,
  paymentRejected,
  paymentVoided,
  reserveStock,
  authorizePayment,
  bookShipment,
  capturePayment,
  type Failure,
  inputTopics,
  shipmentBooked,
  shipmentCancelled,
  shipmentDispatched,
  shipmentRejected,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  topicOfEvent,
} from '@ballast/contracts';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anOrder } from './an-order.fixture.js';
import { placeOrderChoreographed } from './index.js';

const warehouse = { warehouse: 'york' };
const authorization = { authorizationId: 'a-1' };
const day = { day: '2026-11-21' };
const failure: Failure = { reason: 'NO_CAPACITY' };
const the = (participant: string) => given(placeOrderChoreographed, participant);

describe('an order that everybody agrees to', () => {
  test('the inventory reserves when it is placed, and commits when it is paid', () => {
    the('inventory')
      .hears(orderPlaced, anOrder())
      .expectPerforms('inventory.reserve', { data: { lines: [{ sku: 'blue-kettle', quantity: 2 }] } })
      .done(warehouse)
      .expectAnnounces(stockReserved, warehouse)
      .hears(paymentCaptured, { captureId: 'c-1' })
      .expectPerforms('inventory.commit')
      .done()
      .expectAnnounces(stockCommitted)
      .expectNothing();
  });

  test('the payment is held when the goods are, and captured when a shipment is booked', () => {
    the('payment')
      .hears(stockReserved, warehouse)
      .expectNothing()
      .hears(orderPlaced, anOrder())
      .expectPerforms('payment.authorize', {
        data: { customerId: 'alice', amountCents: 7_800, method: { kind: 'wallet' } },
      })
      .done(authorization)
      .expectAnnounces(paymentAuthorized, authorization)
      .hears(shipmentBooked, day)
      .expectNothing()
      .hears(paymentAuthorized, authorization)
      .expectPerforms('payment.capture', { data: authorization })
      .done({ captureId: 'c-1' })
      .expectAnnounces(paymentCaptured, { captureId: 'c-1' });
  });

  test('the shipment is booked when the payment is held, and sent off when it is captured', () => {
    the('shipping')
      .hears(paymentAuthorized, authorization)
      .hears(orderPlaced, anOrder())
      .expectNothing()
      .hears(stockReserved, warehouse)
      .expectPerforms('shipping.book', {
        data: { from: 'york', address: anOrder().address, day: '2026-11-21' },
      })
      .done(day)
      .expectAnnounces(shipmentBooked, day)
      .hears(paymentCaptured, { captureId: 'c-1' })
      .expectPerforms('shipping.dispatch')
      .done({ trackingNumber: 'T-1' })
      .expectAnnounces(shipmentDispatched, { trackingNumber: 'T-1' });
  });

  test('the order is complete when the goods are committed and sent off', () => {
    the('order')
      .hears(orderPlaced, anOrder())
      .hears(shipmentDispatched, { trackingNumber: 'T-1' })
      .expectOrder('running')
      .hears(stockCommitted, {})
      .expectPerforms('order.complete')
      .done()
      .expectOrder('completed');
  });
});

describe('a failure', () => {
  test.each([
    orderCancelRequested,
    orderDeadlinePassed,
    stockRejected,
    paymentRejected,
    shipmentRejected,
    captureRejected,
  ])('$type is answered by the payment, also when there is nothing to void', event => {
    the('payment')
      .hears(event, failure)
      .expectPerforms('payment.void')
      .done()
      .expectAnnounces(paymentVoided, failure)
      .expectNothing();
  });

  test('the others undo their parts on that answer, never on the failure itself', () => {
    the('inventory')
      .hears(paymentVoided, failure)
      .expectPerforms('inventory.release')
      .done()
      .expectAnnounces(stockReleased, failure);
    the('shipping')
      .hears(paymentVoided, failure)
      .expectPerforms('shipping.cancel')
      .done()
      .expectAnnounces(shipmentCancelled, failure);
    for (const participant of ['inventory', 'shipping']) {
      const heard = heardBy(placeOrderChoreographed, participant).map(({ type }) => type);
      expect(heard.filter(type => type.endsWith('rejected') || type.includes('request'))).toEqual([
        'order.resume-requested',
      ]);
    }
  });

  test('the order is cancelled when all have undone their parts, with the reason', () => {
    the('order')
      .hears(orderPlaced, anOrder())
      .hears(paymentVoided, failure)
      .hears(shipmentCancelled, failure)
      .expectNothing()
      .hears(stockReleased, failure)
      .expectPerforms('order.cancel', { data: { reason: 'NO_CAPACITY' } })
      .done()
      .expectOrder('cancelled');
  });

  test('a cancel that comes after the capture is too late: the order goes on', () => {
    the('payment')
      .hears(orderPlaced, anOrder())
      .hears(stockReserved, warehouse)
      .expectPerforms('payment.authorize')
      .done(authorization)
      .expectAnnounces(paymentAuthorized)
      .hears(paymentAuthorized, authorization)
      .hears(shipmentBooked, day)
      .expectPerforms('payment.capture')
      .done({ captureId: 'c-1' })
      .expectAnnounces(paymentCaptured)
      .hears(orderCancelRequested, { reason: 'CANCELLED' })
      .expectPerforms('payment.void')
      .refused('ALREADY_CAPTURED')
      .expectReaction('payment.void', 'too-late');
  });
});

test('what a participant answers is what its event says', () => {
  for (const [command, event] of [
    [reserveStock, stockReserved],
    [authorizePayment, paymentAuthorized],
    [bookShipment, shipmentBooked],
    [capturePayment, paymentCaptured],
  ] as const)
    expect(event.data).toBe(command.reply);
});

test.each(['../README.md', '../../../docs/protocols/choreographed.md'])(
  'the diagram in %s is the one that is generated',
  file => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    expect(text).toContain(`\`\`\`mermaid\n${diagramOf(placeOrderChoreographed)}\n\`\`\``);
  },
);

test.each(['order', 'inventory', 'payment', 'shipping'] as const)(
  'the %s service reads the topics of the events that it reacts to, and no others',
  participant => {
    const topics = new Set(heardBy(placeOrderChoreographed, participant).map(topicOfEvent));
    expect(new Set(inputTopics[participant])).toEqual(new Set([`${participant}.commands`, ...topics]));
  },
);
