import type { OrderStatus } from '@ballast/contracts';
import type { HttpOutboxRow, OutboxRow } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import { statements } from './statements.js';

/** Customers' wishes to cancel. The first one of a pending order is sent on; asking again changes nothing. */
export class CancelRequests {
  constructor(
    private readonly database: Queries,
    private readonly outbox: { committed(rows: readonly OutboxRow[]): void },
  ) {}

  /** The order's status when it was asked; undefined when there is no such order. */
  async ask(orderId: string, request: HttpOutboxRow): Promise<OrderStatus | undefined> {
    const { rows } = await this.database.query<{ status: OrderStatus | null; seq: number | null }>(
      statements.statement('request-cancel', [
        orderId,
        request.lane,
        request.topic,
        request.key,
        request.value,
      ]),
    );
    const { status = null, seq = null } = rows[0] ?? {};
    if (seq !== null) this.outbox.committed([{ ...request, seq }]);
    return status ?? undefined;
  }
}
