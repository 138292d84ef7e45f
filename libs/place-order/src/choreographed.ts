import {
  authorizePayment,
  bookShipment,
  cancelOrder,
  cancelShipment,
  capturePayment,
  captureRejected,
  commitStock,
  completeOrder,
  dispatchShipment,
  orderCancelRequested,
  orderDeadlinePassed,
  orderPlaced,
  orderResumeRequested,
  paymentAuthorized,
  paymentCaptured,
  paymentRejected,
  paymentVoided,
  releaseStock,
  reserveStock,
  shipmentBooked,
  shipmentCancelled,
  shipmentDispatched,
  shipmentRejected,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  voidPayment,
} from '@ballast/contracts';
import { all, anyOf, choreography, when } from '@ballast/choreography';

const about = {
  version: 1,
  begins: orderPlaced,
  cancelRequested: orderCancelRequested,
  deadlinePassed: orderDeadlinePassed,
  resumeRequested: orderResumeRequested,
};

/** Placing an order as a choreographed saga: nobody asks, each participant reacts to what it hears from the others. */
export const placeOrderChoreographed = choreography('place-order-choreographed', about, [
  when(orderPlaced, 'inventory', {
    do: reserveStock,
    with: order => ({ lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })) }),
    then: stockReserved,
    orElse: stockRejected,
  }),
  when(all(orderPlaced, stockReserved), 'payment', {
    do: authorizePayment,
    with: order => ({
      customerId: order.customerId,
      amountCents: order.amountCents,
      method: order.payment,
    }),
    then: paymentAuthorized,
    orElse: paymentRejected,
  }),
  when(all(orderPlaced, stockReserved, paymentAuthorized), 'shipping', {
    do: bookShipment,
    with: (order, { warehouse }) => ({ from: warehouse, address: order.address, day: order.shipOn }),
    then: shipmentBooked,
    orElse: shipmentRejected,
  }),
  when(all(paymentAuthorized, shipmentBooked), 'payment', {
    pivot: capturePayment,
    with: ({ authorizationId }) => ({ authorizationId }),
    then: paymentCaptured,
    orElse: captureRejected,
  }),
  when(paymentCaptured, 'inventory', { mustFinish: commitStock, then: stockCommitted }),
  when(paymentCaptured, 'shipping', { mustFinish: dispatchShipment, then: shipmentDispatched }),
  when(all(stockCommitted, shipmentDispatched), 'order', { completes: completeOrder }),

  // Every failure is a request to the owner of the pivot. It answers `voided`, also when there was nothing to void, or
  // it has captured by then, and goes on. The others undo their parts on that answer, never on the request.
  when(
    anyOf(
      orderCancelRequested,
      orderDeadlinePassed,
      stockRejected,
      paymentRejected,
      shipmentRejected,
      captureRejected,
    ),
    'payment',
    { undo: voidPayment, of: authorizePayment, then: paymentVoided },
  ),
  when(paymentVoided, 'inventory', { undo: releaseStock, of: reserveStock, then: stockReleased }),
  when(paymentVoided, 'shipping', { undo: cancelShipment, of: bookShipment, then: shipmentCancelled }),
  when(all(paymentVoided, stockReleased, shipmentCancelled), 'order', {
    cancels: cancelOrder,
    with: ({ reason }) => ({ reason }),
  }),
]);
