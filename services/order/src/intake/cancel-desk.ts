import { cancelSaga, problems, topicOf } from '@ballast/contracts';
import { createMessage, type HttpOutbox } from '@ballast/messaging';
import { Problem, type TraceContext } from '@ballast/platform';
import type { CancelRequests } from '../storage/cancel-requests.js';

/** Takes customers' wishes to cancel. Whether an order is cancelled is its flow's decision: before the pivot it is. */
export class CancelDesk {
  constructor(
    private readonly requests: CancelRequests,
    private readonly outbox: Pick<HttpOutbox, 'rows'>,
  ) {}

  /**
   * Asks the order's flow to cancel; asking again changes nothing.
   * @throws Problem when there is no such order (404), or it has ended (409)
   */
  async ask(orderId: string, trace: TraceContext): Promise<void> {
    const message = createMessage({
      type: cancelSaga.type,
      source: '/order',
      subject: orderId,
      data: { requestedBy: 'customer' },
      at: new Date(),
      ...trace,
    });
    const [row] = this.outbox.rows([{ topic: topicOf(cancelSaga), message }]);
    const status = await this.requests.ask(orderId, row!);
    if (status === undefined) throw new Problem(problems.ORDER_NOT_FOUND, `there is no order ${orderId}`);
    if (status !== 'PENDING') {
      throw new Problem(problems.ORDER_ALREADY_ENDED, `order ${orderId} is ${status}`, {
        extensions: { orderStatus: status },
      });
    }
  }
}
