import { BranchHandler, LANES, PassContext, type PassResult, type Work } from '@ballast/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { CommittedEndings } from './watching/committed-endings.js';
import { FinishedOrders } from './watching/finished-orders.js';

/** Where the lanes' work comes in: guards, pipes, interceptors and filters of Nest apply. */
@Controller()
export class OrderConsumer {
  constructor(
    private readonly handler: BranchHandler,
    private readonly endings: CommittedEndings,
    private readonly finished: FinishedOrders,
  ) {}

  @MessagePattern('order', LANES)
  async handle(@Payload() work: Work[], @Ctx() context: PassContext): Promise<PassResult> {
    const result = await this.handler.process(work, context.pass);
    return {
      ...result,
      committed: () => {
        result.committed?.();
        this.endings.committed(result.send, this.finished.take());
      },
    };
  }
}
