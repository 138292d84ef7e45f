import { type OperationView, problems } from '@ballast/contracts';
import { Problem, type TraceContext, traceContextOf } from '@ballast/platform';
import { actionView } from './operations.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import type { OperationsDesk } from './operations-desk.js';

/** What the answers need of Fastify's reply. */
export interface OperationReply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** How operators are answered, whatever they act on: what became of it, and where that is shown later. */
export class OperationAnswers {
  constructor(private readonly desk: OperationsDesk) {}

  /** 200 when everything of it was handled within `waitMs`, 202 otherwise. */
  async answer(
    { id, replayed }: { id: string; replayed: boolean },
    waitMs: number,
    reply: OperationReply,
  ): Promise<OperationView> {
    const operation = await this.view(id, waitMs);
    const isHandled = operation.actions.every(({ outcome }) => outcome !== 'waiting');
    reply.status(isHandled ? 200 : 202);
    reply.header('location', hrefOf(id));
    if (replayed) reply.header('idempotency-replayed', 'true');
    return operation;
  }

  /** As `answer`, for an action on one order. Throws a Problem (409) when its owner has refused it. */
  async answerOne(
    asked: { id: string; replayed: boolean },
    waitMs: number,
    reply: OperationReply,
  ): Promise<OperationView> {
    const operation = await this.answer(asked, waitMs, reply);
    const [done] = operation.actions;
    if (done?.outcome !== 'refused') return operation;
    throw new Problem(problems.OPERATION_REFUSED, done.detail ?? 'it was refused', {
      headers: { location: hrefOf(operation.id) },
      extensions: { operation },
    });
  }

  /** Throws a Problem (404) when nothing was asked for under the id. */
  async view(id: string | undefined, waitMs: number): Promise<OperationView> {
    const actions = id === undefined ? undefined : await this.desk.outcome(id, waitMs);
    if (id === undefined || actions === undefined) {
      throw new Problem(problems.OPERATION_NOT_FOUND, 'nothing was asked for under this id');
    }
    return { id, actions: actions.map(actionView) };
  }
}

/** What a wish takes from its request's headers. Throws a Problem (400) for a key that is none. */
export const wishAttributes = (
  headers: RequestHeaders,
): { idempotencyKey: string | null; trace: TraceContext } => ({
  idempotencyKey: idempotencyKeyOf(headers['idempotency-key']),
  trace: traceContextOf(headers),
});

const hrefOf = (id: string): string => `/operations/${id}`;
