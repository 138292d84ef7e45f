import {
  authorizePayment,
  bookShipment,
  cancelOrder,
  capturePayment,
  commitStock,
  completeOrder,
  dispatchShipment,
  Order,
  reserveStock,
} from '@ballast/contracts';
import { twoPhase } from '@ballast/two-phase';

/**
 * Placing an order as a two-phase commit: each participant does all of its part in one prepared transaction, and all
 * of them commit or none. The carrier is no database: it is asked for the label once everything is committed.
 */
export const placeOrderTwoPhase = twoPhase('place-order-two-phase', { version: 1, input: Order })
  .branch('order', branch => branch.does(completeOrder, () => ({})))
  .branch('inventory', branch =>
    branch
      .does(reserveStock, order => ({ lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })) }))
      .does(commitStock, () => ({})),
  )
  .branch('payment', branch =>
    branch
      .does(authorizePayment, order => ({
        customerId: order.customerId,
        amountCents: order.amountCents,
        method: order.payment,
      }))
      .does(capturePayment, (_, done) => ({ authorizationId: done['payment.authorize'].authorizationId })),
  )
  .branch('shipping', branch =>
    branch.does(bookShipment, order => ({ address: order.address, day: order.shipOn })),
  )
  // A hold at the card gateway can't be prepared: it is there, or it is not.
  .refuses(order => (order.payment.kind === 'card' ? 'CARD_NOT_PREPARABLE' : null))
  .afterCommit('dispatch shipment', { do: dispatchShipment, with: () => ({}) })
  .whenAbortedTell(cancelOrder, (_, reason) => ({ reason }));
