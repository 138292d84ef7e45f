import { type Order, problems, type Protocol, startSaga, topicOf } from '@ballast/contracts';
import { createMessage, type Outgoing } from '@ballast/messaging';
import { Problem, type TraceContext } from '@ballast/platform';

export interface Beginning {
  readonly orderId: string;
  readonly order: Order;
  readonly at: Date;
  /** When the flow gives up, before its pivot or decision. */
  readonly deadline: Date;
  readonly trace: TraceContext;
}

/**
 * What begins an order's flow under a protocol.
 * @throws Problem when this shop doesn't run the protocol
 */
export function firstMessage(
  protocol: Protocol,
  { orderId, order, at, deadline, trace }: Beginning,
): Outgoing {
  if (protocol !== 'orchestrated')
    throw new Problem(problems.VALIDATION_FAILED, `protocol: this shop does not run ${protocol}`);
  const data = { definition: 'place-order', input: order, deadline: deadline.toISOString() };
  return {
    topic: topicOf(startSaga),
    message: createMessage({
      type: startSaga.type,
      source: '/order',
      subject: orderId,
      data,
      at,
      ...trace,
    }),
  };
}
