import type { OrderAccepted, OrderStatusResult, PlaceOrder, PlaceOrdersResult } from '@ballast/contracts';
import { Pool } from 'undici';
import type { z } from 'zod';

type Ended = z.infer<typeof OrderStatusResult>['ended'];

/** A partner's client of the order API, with keep-alive connections. Anything but what it expects is an error. */
export class OrderClient {
  readonly #pool: Pool;

  constructor(
    url: string,
    connections: number,
    private readonly keyPrefix: string,
  ) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  async place(number: number, order: PlaceOrder): Promise<string> {
    const accepted = await this.#post<OrderAccepted>('/orders', order, 202, {
      'idempotency-key': `${this.keyPrefix}-${number}`,
    });
    return accepted.id;
  }

  /** One id per order, in their order. */
  async placeAll(first: number, orders: readonly PlaceOrder[]): Promise<string[]> {
    const body = {
      orders: orders.map((order, index) => ({ idempotencyKey: `${this.keyPrefix}-${first + index}`, order })),
    };
    const { results } = await this.#post<z.infer<typeof PlaceOrdersResult>>('/orders/batch', body, 200);
    return results.map(result => {
      if (!result.accepted)
        throw new Error(`an order of the batch was refused: ${result.code} ${result.detail}`);
      return result.id;
    });
  }

  /** Waits until at least one of them has ended; those that have. */
  async ended(ids: readonly string[], waitMs: number): Promise<Ended> {
    return (
      await this.#post<z.infer<typeof OrderStatusResult>>(`/orders/status?wait=${waitMs}`, { ids }, 200)
    ).ended;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post<T>(
    path: string,
    body: unknown,
    expected: number,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await this.#pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== expected)
      throw new Error(`POST ${path} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text) as T;
  }
}
