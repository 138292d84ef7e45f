import { problems, type Protocol } from '@ballast/contracts';
import type { HttpOutbox } from '@ballast/messaging';
import { Problem, type TraceContext } from '@ballast/platform';
import type { CancelRequests } from '../storage/cancel-requests.js';
import { cancelMessage } from './first-message.js';

/** Takes customers' wishes to cancel. Whether an order is cancelled is its flow's decision: before the pivot it is. */
export class CancelDesk {
  constructor(
    private readonly requests: CancelRequests,
    private readonly outbox: Pick<HttpOutbox, 'rows'>,
    /** Throws a Problem (404). */
    private readonly find: (orderId: string) => Promise<{ readonly protocol: string }>,
  ) {}

  /**
   * Asks the order's flow to cancel; asking again changes nothing.
   * @throws Problem when there is no such order (404), or it has ended (409)
   */
  async ask(orderId: string, trace: TraceContext): Promise<void> {
    const { protocol } = await this.find(orderId);
    const message = cancelMessage(protocol as Protocol, { orderId, at: new Date(), trace });
    const [row] = this.outbox.rows([message]);
    const status = await this.requests.ask(orderId, row!);
    if (status === undefined) throw new Problem(problems.ORDER_NOT_FOUND, `there is no order ${orderId}`);
    if (status !== 'PENDING') {
      throw new Problem(problems.ORDER_ALREADY_ENDED, `order ${orderId} is ${status}`, {
        extensions: { orderStatus: status },
      });
    }
  }
}
