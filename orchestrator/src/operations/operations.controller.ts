import {
  OperationView,
  OperationWait,
  operatorCommands,
  OrderId,
  problems,
  RetryAll,
  SagaAction,
} from '@ballast/contracts';
import {
  OperationAnswers,
  type OperationReply,
  OperationsDesk,
  OperatorRoute,
  wishAttributes,
} from '@ballast/messaging';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SagaReader } from '../storage/saga-reader.js';

type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What changes something. Each action is decided by the owner of the saga's lane, and stands in the audit. */
@ApiTags('operations')
@Controller('operations')
export class OperationsController {
  readonly #answers: OperationAnswers;

  constructor(
    private readonly desk: OperationsDesk,
    private readonly reader: SagaReader,
  ) {
    this.#answers = new OperationAnswers(desk);
  }

  @Post('sagas/:id/actions')
  @OperatorRoute(
    'saga',
    'Acts on one saga: `retry` what waits for another attempt, `resume` a parked one, `force-forward` past a stuck step, `force-undo` or `cancel` before the pivot was sent.',
  )
  @ApiResponse({ status: 404, description: 'SAGA_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'OPERATION_REFUSED: `detail` says why.' })
  async act(
    @Param('id') segment: string,
    @Body({ schema: SagaAction }) body: SagaAction,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: OperationReply,
  ): Promise<OperationView> {
    const orderId = OrderId.safeParse(segment).data;
    if (orderId === undefined || (await this.reader.find(orderId)) === undefined) {
      throw new Problem(problems.SAGA_NOT_FOUND, 'no saga has started for this order');
    }
    const { action, ...data } = body;
    const command = operatorCommands[action];
    const wish = { action, command, data, body: [orderId, data], ...wishAttributes(headers) };
    const asked = await this.desk.ask(wish, () => Promise.resolve([orderId]));
    return this.#answers.answerOne(asked, wait, reply);
  }

  @Post('retry')
  @OperatorRoute(
    'saga',
    'Retries all sagas that match, the oldest first, as after an outage: a thousand at most; ask again for more.',
  )
  async retryAll(
    @Body({ schema: RetryAll }) body: RetryAll,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: OperationReply,
  ): Promise<OperationView> {
    const { operator, reason, filter, limit } = body;
    const data = { operator, reason };
    const command = operatorCommands.retry;
    const wish = { action: 'retry', command, data, body, ...wishAttributes(headers) } as const;
    return this.#answers.answer(
      await this.desk.ask(wish, () => this.reader.pick(filter, limit)),
      wait,
      reply,
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'What an operator asked for, and what became of it, saga by saga.' })
  @ApiOkResponse({ standardSchema: OperationView })
  @ApiResponse({ status: 404, description: 'OPERATION_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<OperationView> {
    const id = OrderId.safeParse(segment).data;
    return this.#answers.view(id, 0);
  }
}
