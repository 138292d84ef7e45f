import {
  cancelSaga,
  type Order,
  orderCancelRequested,
  orderPlaced,
  type Protocol,
  startSaga,
  topicOf,
  topicOfEvent,
} from '@ballast/contracts';
import { createMessage, type Outgoing } from '@ballast/messaging';
import type { TraceContext } from '@ballast/platform';

export interface Beginning {
  readonly orderId: string;
  readonly order: Order;
  readonly at: Date;
  /** When the flow gives up, before its pivot or decision. */
  readonly deadline: Date;
  readonly trace: TraceContext;
}

/** What the orchestrator knows the flow as, where it coordinates it. */
const definitions = {
  orchestrated: 'place-order',
  tcc: 'place-order-tcc',
  'two-phase': 'place-order-two-phase',
} as const;

/** What begins an order's flow under a protocol: a command to its coordinator, or the event that everybody reacts to. */
export function firstMessage(
  protocol: Protocol,
  { orderId, order, at, deadline: endsAt, trace }: Beginning,
): Outgoing {
  const about = { source: '/order', subject: orderId, at, ...trace };
  const deadline = endsAt.toISOString();
  switch (protocol) {
    case 'orchestrated':
    case 'tcc':
    case 'two-phase': {
      const data = { definition: definitions[protocol], input: order, deadline };
      return { topic: topicOf(startSaga), message: createMessage({ type: startSaga.type, data, ...about }) };
    }
    case 'choreographed': {
      const message = createMessage({ type: orderPlaced.type, data: order, deadline, ...about });
      return { topic: topicOfEvent(orderPlaced), message };
    }
  }
}

/** A customer's wish to cancel, to whoever decides about it: the coordinator, or the owner of the pivot. */
export function cancelMessage(
  protocol: Protocol,
  { orderId, at, trace }: Pick<Beginning, 'orderId' | 'at' | 'trace'>,
): Outgoing {
  const about = { source: '/order', subject: orderId, at, ...trace };
  switch (protocol) {
    case 'choreographed': {
      const data = { reason: 'CANCELLED' };
      const message = createMessage({ type: orderCancelRequested.type, data, ...about });
      return { topic: topicOfEvent(orderCancelRequested), message };
    }
    case 'orchestrated':
    case 'tcc':
    case 'two-phase': {
      const data = { requestedBy: 'customer' };
      return {
        topic: topicOf(cancelSaga),
        message: createMessage({ type: cancelSaga.type, data, ...about }),
      };
    }
  }
}
