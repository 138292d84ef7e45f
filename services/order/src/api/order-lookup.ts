import { OrderId, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { GroupedCalls } from '../grouping/grouped-calls.js';
import type { OrderReader, StoredOrder } from '../storage/order-reader.js';

/** Finds single orders; concurrent requests share a statement. */
export class OrderLookup {
  readonly #calls: GroupedCalls<string, StoredOrder | undefined>;

  constructor(reader: OrderReader) {
    this.#calls = new GroupedCalls(ids => reader.load(ids), { sizeMax: 500, waitingMax: 10_000 });
  }

  /** @throws Problem (404) */
  async find(id: string): Promise<StoredOrder> {
    const order = await this.#calls.submit(id);
    if (order === undefined) throw new Problem(problems.ORDER_NOT_FOUND, `there is no order ${id}`);
    return order;
  }
}

/** The id in an address. What can't be one belongs to no order: 404, like any other id without an order. */
export function orderIdOf(segment: string): string {
  const id = OrderId.safeParse(segment);
  if (!id.success) throw new Problem(problems.ORDER_NOT_FOUND, 'there is no such order: ids are UUIDs');
  return id.data;
}
