import {
  IdempotencyKey,
  OperationView,
  OperationWait,
  OrderId,
  problems,
  RetryAll,
  SagaAction,
} from '@ballast/contracts';
import { Problem, traceContextOf } from '@ballast/platform';
import {
  applyDecorators,
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { SagaReader } from '../storage/saga-reader.js';
import { OperationsDesk } from './operations-desk.js';
import { actionView } from './timeline.js';

type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

interface Reply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

/** What every action has in common, for the documentation. */
const Action = (summary: string) =>
  applyDecorators(
    ApiOperation({ summary }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        '1 to 255 printable ASCII characters. Repeated with the same body: applied once, answered the same.',
    }),
    HttpCode(200),
    ApiOkResponse({ standardSchema: OperationView, description: 'What became of it, saga by saga.' }),
    ApiAcceptedResponse({
      standardSchema: OperationView,
      description: 'Not all of it was handled within `wait`; Location tells later.',
    }),
    ApiResponse({ status: 422, description: 'IDEMPOTENCY_KEY_REUSED' }),
  );

/** What changes something. Each action is decided by the owner of the saga's lane, and stands in the audit. */
@ApiTags('operations')
@Controller('operations')
export class OperationsController {
  constructor(
    private readonly desk: OperationsDesk,
    private readonly reader: SagaReader,
  ) {}

  @Post('sagas/:id/actions')
  @Action(
    'Acts on one saga: `retry` what waits for another attempt, `resume` a parked one, `force-forward` past a stuck step, `force-undo` or `cancel` before the pivot was sent.',
  )
  @ApiResponse({ status: 404, description: 'SAGA_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'OPERATION_REFUSED: `detail` says why.' })
  async act(
    @Param('id') segment: string,
    @Body({ schema: SagaAction }) body: SagaAction,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<OperationView> {
    const orderId = OrderId.safeParse(segment).data;
    if (orderId === undefined || (await this.reader.find(orderId)) === undefined) {
      throw new Problem(problems.SAGA_NOT_FOUND, 'no saga has started for this order');
    }
    const { action, ...data } = body;
    const wish = { action, data, body: [orderId, data], ...attributesOf(headers) };
    const asked = await this.desk.ask(wish, () => Promise.resolve([orderId]));
    const operation = await this.#answer(asked, wait, reply);
    const [done] = operation.actions;
    if (done?.outcome !== 'refused') return operation;
    throw new Problem(problems.OPERATION_REFUSED, done.detail ?? 'it was refused', {
      headers: { location: hrefOf(operation.id) },
      extensions: { operation },
    });
  }

  @Post('retry')
  @Action(
    'Retries all sagas that match, the oldest first, as after an outage: a thousand at most; ask again for more.',
  )
  async retryAll(
    @Body({ schema: RetryAll }) body: RetryAll,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<OperationView> {
    const { operator, reason, filter, limit } = body;
    const wish = { action: 'retry', data: { operator, reason }, body, ...attributesOf(headers) } as const;
    return this.#answer(await this.desk.ask(wish, () => this.reader.pick(filter, limit)), wait, reply);
  }

  @Get(':id')
  @ApiOperation({ summary: 'What an operator asked for, and what became of it, saga by saga.' })
  @ApiOkResponse({ standardSchema: OperationView })
  @ApiResponse({ status: 404, description: 'OPERATION_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<OperationView> {
    const id = OrderId.safeParse(segment).data;
    return this.#view(id, 0);
  }

  async #answer(
    { id, replayed }: { id: string; replayed: boolean },
    waitMs: number,
    reply: Reply,
  ): Promise<OperationView> {
    const operation = await this.#view(id, waitMs);
    const isHandled = operation.actions.every(({ outcome }) => outcome !== 'waiting');
    reply.status(isHandled ? 200 : 202);
    reply.header('location', hrefOf(id));
    if (replayed) reply.header('idempotency-replayed', 'true');
    return operation;
  }

  async #view(id: string | undefined, waitMs: number): Promise<OperationView> {
    const actions = id === undefined ? undefined : await this.desk.outcome(id, waitMs);
    if (id === undefined || actions === undefined) {
      throw new Problem(problems.OPERATION_NOT_FOUND, 'nothing was asked for under this id');
    }
    return { id, actions: actions.map(actionView) };
  }
}

const hrefOf = (id: string): string => `/operations/${id}`;

const attributesOf = (headers: RequestHeaders) => ({
  idempotencyKey: keyOf(headers['idempotency-key']),
  trace: traceContextOf(headers),
});

function keyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new Problem(
    problems.IDEMPOTENCY_KEY_INVALID,
    'the Idempotency-Key must be given once, with 1 to 255 printable ASCII characters and no spaces',
  );
}
