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
import { tcc } from '@ballast/two-phase';

/** Placing an order as try-confirm-cancel: goods, money and a place are set aside at once, and then all kept or none. */
export const placeOrderTcc = tcc('place-order-tcc', { version: 1, input: Order })
  .branch('inventory', {
    try: reserveStock,
    with: order => ({ lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })) }),
    confirm: commitStock,
    cancel: releaseStock,
  })
  .branch('payment', {
    try: authorizePayment,
    with: order => ({
      customerId: order.customerId,
      amountCents: order.amountCents,
      method: order.payment,
    }),
    confirm: capturePayment,
    confirmWith: (_, { authorizationId }) => ({ authorizationId }),
    cancel: voidPayment,
  })
  .branch('shipping', {
    try: bookShipment,
    with: order => ({ address: order.address, day: order.shipOn }),
    confirm: dispatchShipment,
    cancel: cancelShipment,
  })
  .whenConfirmed('complete order', { do: completeOrder, with: () => ({}) })
  .whenCancelledTell(cancelOrder, (_, reason) => ({ reason }));
