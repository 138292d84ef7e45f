import {
  captureRejected,
  type ChoreographedDetails,
  completeOrder,
  orderPlaced,
  paymentAuthorized,
  paymentCaptured,
  paymentRejected,
  paymentVoided,
  type SagaView,
  shipmentBooked,
  shipmentCancelled,
  shipmentDispatched,
  shipmentRejected,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
} from '@ballast/contracts';

type Step = SagaView['steps'][number];

/** What the orchestrator says of a step that it has not asked for. */
export const notBegun = 'not begun';

/** What the steps of an orchestrated order are called, by the events that tell of them where nobody conducts. */
const steps = [
  {
    name: 'reserve stock',
    after: orderPlaced,
    then: stockReserved,
    orElse: stockRejected,
    undone: stockReleased,
  },
  {
    name: 'authorize payment',
    after: stockReserved,
    then: paymentAuthorized,
    orElse: paymentRejected,
    undone: paymentVoided,
  },
  {
    name: 'book shipment',
    after: paymentAuthorized,
    then: shipmentBooked,
    orElse: shipmentRejected,
    undone: shipmentCancelled,
  },
  {
    name: 'capture payment',
    after: shipmentBooked,
    then: paymentCaptured,
    orElse: captureRejected,
    undone: null,
  },
  { name: 'commit stock', after: paymentCaptured, then: stockCommitted, orElse: null, undone: null },
  { name: 'dispatch shipment', after: paymentCaptured, then: shipmentDispatched, orElse: null, undone: null },
  { name: 'complete order', after: shipmentDispatched, then: completeOrder, orElse: null, undone: null },
];

/** How far a choreographed order has come, as the steps that an orchestrated one takes. */
export function heardSteps({ timeline }: ChoreographedDetails): Step[] {
  const told = new Set(timeline.map(({ type }) => type));
  const has = (message: { type: string } | null) => message !== null && told.has(message.type);
  return steps.map(({ name, after, then, orElse, undone }) => {
    const state = has(then) ? 'done' : has(orElse) ? 'rejected' : has(after) ? 'begun' : notBegun;
    // An undo is answered also where there was nothing to undo.
    return { name, state, attempts: 1, undone: (state === 'done' || state === 'begun') && has(undone) };
  });
}
