import {
  authorizePayment,
  bookShipment,
  cancelOrder,
  cancelShipment,
  capturePayment,
  commitStock,
  completeOrder,
  dispatchShipment,
  Order,
  releaseStock,
  reserveStock,
  voidPayment,
} from '@ballast/contracts';
import { saga } from '@ballast/saga';

/** Placing an order as an orchestrated saga: the orchestrator asks one participant after the other. */
export const placeOrder = saga('place-order', { version: 1, input: Order })
  .undoable('reserve stock', {
    do: reserveStock,
    with: order => ({ lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })) }),
    undo: releaseStock,
  })
  .undoable('authorize payment', {
    do: authorizePayment,
    with: order => ({
      customerId: order.customerId,
      amountCents: order.amountCents,
      method: order.payment,
    }),
    undo: voidPayment,
  })
  .undoable('book shipment', {
    do: bookShipment,
    with: (order, done) => ({
      from: done['reserve stock'].warehouse,
      address: order.address,
      day: order.shipOn,
    }),
    undo: cancelShipment,
  })
  .pivot('capture payment', {
    do: capturePayment,
    with: (_, done) => ({ authorizationId: done['authorize payment'].authorizationId }),
  })
  .mustFinish({
    'commit stock': { do: commitStock, with: () => ({}) },
    'dispatch shipment': { do: dispatchShipment, with: () => ({}) },
  })
  .mustFinish({ 'complete order': { do: completeOrder, with: () => ({}) } })
  .whenCompensatedTell(cancelOrder, (_, reason) => ({ reason }));
