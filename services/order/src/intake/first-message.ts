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

/** What the orchestrator knows the flow as, where it coordinates it. */
const definitions: Partial<Record<Protocol, string>> = {
  orchestrated: 'place-order',
  tcc: 'place-order-tcc',
  'two-phase': 'place-order-two-phase',
};

/**
 * What begins an order's flow under a protocol: a command to its coordinator, or the event that everybody reacts to.
 * @throws Problem when this shop doesn't run the protocol
 */
export function firstMessage(
  protocol: Protocol,
  { orderId, order, at, deadline, trace }: Beginning,
): Outgoing {
  const definition = definitions[protocol];
  if (definition === undefined)
    throw new Problem(problems.VALIDATION_FAILED, `protocol: this shop does not run ${protocol}`);
  const data = { definition, input: order, deadline: deadline.toISOString() };
  const about = { source: '/order', subject: orderId, at, ...trace };
  return { topic: topicOf(startSaga), message: createMessage({ type: startSaga.type, data, ...about }) };
}
