import { BranchHandler, LANES, PassContext, type PassResult, type Work } from '@ballast/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';

/** Where the lanes' work comes in: guards, pipes, interceptors and filters of Nest apply. */
@Controller()
export class ShippingConsumer {
  constructor(private readonly handler: BranchHandler) {}

  @MessagePattern('shipping', LANES)
  handle(@Payload() work: Work[], @Ctx() context: PassContext): Promise<PassResult> {
    return this.handler.process(work, context.pass);
  }
}
