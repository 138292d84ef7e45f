import { type Answer, repliesTopic } from '@ballast/contracts';
import type { Outgoing } from '@ballast/messaging';
import type { Logger } from '@ballast/platform';
import type { OrderWatcher } from './order-watcher.js';

/** What follows from a pass that this process has committed: whoever waits here for one of its orders is told at once. */
export class CommittedEndings {
  constructor(
    private readonly watcher: OrderWatcher,
    private readonly logger: Logger,
  ) {}

  /**
   * @param sent what the pass answers to `order.complete` and `order.cancel`, and announces of choreographed orders
   * @param finished the choreographed orders that it has ended
   */
  committed(sent: readonly Outgoing[], finished: readonly string[]): void {
    const answers = sent.filter(({ topic }) => topic === repliesTopic);
    this.watcher.nudge([...answers.map(({ message }) => message.subject), ...finished]);
    for (const { message } of answers) {
      const answer = message.data as Answer;
      if (answer.outcome !== 'refused') continue;
      // An ending is refused only when something went wrong before: somebody has to look at it.
      const { code, detail } = answer;
      this.logger.error(
        { alarm: true, orderId: message.subject, type: message.type, code, detail },
        'an order cannot end as it was told to',
      );
    }
  }
}
