import { LANES, PassContext, type PassResult, type Work } from '@ballast/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { SagaHandler } from './sagas/saga-handler.js';

/** Where the lanes' work comes in: guards, pipes, interceptors and filters of Nest apply. */
@Controller()
export class OrchestratorConsumer {
  constructor(private readonly handler: SagaHandler) {}

  @MessagePattern('orchestrator', LANES)
  handle(@Payload() work: Work[], @Ctx() context: PassContext): Promise<PassResult> {
    return this.handler.process(work, context.pass);
  }
}
