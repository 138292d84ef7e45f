import type { OrderView, PlaceOrder, Programme, SagaView } from '@ballast/contracts';
import { newRunDirectory, removeRunDirectory, type Stack, startStack } from '@ballast/local';
import { afterAll } from 'vitest';

type Party = 'card-gateway' | 'carrier';
type Rule = Partial<Programme['rules'][number]>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; null when there is none. */
  // Tests look into it as a client would, without a schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** A whole shop of this test file's own, seen from outside: over HTTP, and through its processes. */
export class Shop {
  /** The ids of all orders that were placed here. */
  readonly acknowledged: string[] = [];

  constructor(readonly stack: Stack) {}

  get orders(): string {
    return `${this.stack.urls.order}/orders`;
  }

  async request(
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }

  /** Places an order; the id under which it was accepted. */
  async place(order: PlaceOrder, headers: Record<string, string> = {}): Promise<string> {
    const { status, body } = await this.request('POST', this.orders, order, headers);
    if (status !== 202) throw new Error(`the order was not accepted: ${status} ${JSON.stringify(body)}`);
    this.acknowledged.push(body.id);
    return body.id;
  }

  cancel(id: string): Promise<Answer> {
    return this.request('POST', `${this.orders}/${id}/cancel`);
  }

  /** How the bank or the carrier behaves from now on: well, without rules. */
  async programme(party: Party, ...rules: Rule[]): Promise<void> {
    await this.#expectGood('PUT', `${this.stack.urls[party]}/programme`, { rules });
  }

  /** Waits until the order has ended. */
  async ended(id: string, withinMs = 60_000): Promise<OrderView> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const { status, body } = await this.request('GET', `${this.orders}/${id}?wait=5000`);
      if (status === 200 && body.status !== 'PENDING') return body as OrderView;
      if (performance.now() > deadline) throw new Error(`order ${id} has not ended: ${JSON.stringify(body)}`);
    }
  }

  async saga(id: string): Promise<SagaView> {
    return (await this.request('GET', `${this.stack.urls.orchestrator}/sagas/${id}`)).body as SagaView;
  }

  async deliver(sku: string, quantity: number): Promise<void> {
    await this.#expectGood('POST', `${this.stack.urls.inventory}/stock/${sku}/deliveries`, { quantity });
  }

  async deposit(customerId: string, amountCents: number): Promise<void> {
    await this.#expectGood('POST', `${this.stack.urls.payment}/accounts/${customerId}/deposits`, {
      amountCents,
    });
  }

  async addSlots(zone: string, slots: number): Promise<void> {
    await this.#expectGood('POST', `${this.stack.urls.shipping}/zones/${zone}/days/${today}/slots`, {
      slots,
    });
  }

  async stock(sku: string): Promise<{ available: number; reserved: number; shipped: number }> {
    return (await this.request('GET', `${this.stack.urls.inventory}/stock/${sku}`)).body;
  }

  async balance(customerId: string): Promise<number> {
    return (await this.request('GET', `${this.stack.urls.payment}/accounts/${customerId}`)).body.balanceCents;
  }

  async ledger(): Promise<{
    accounts: { account: string; balanceCents: number }[];
    sumCents: number;
    walletsCents: number;
  }> {
    return (await this.request('GET', `${this.stack.urls.payment}/ledger`)).body;
  }

  async #expectGood(method: string, url: string, body: unknown): Promise<void> {
    const answer = await this.request(method, url, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${url} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

export const today = new Date().toISOString().slice(0, 10);

/** Starts a shop for this test file; it is stopped, and its data removed, after the last test. */
export async function openShop({
  environment = () => ({}),
  replicas = 1,
  durable = false,
}: {
  /** For the services, given the folder of the stack. */
  readonly environment?: (directory: string) => Record<string, string>;
  readonly replicas?: number;
  /** Needed where PostgreSQL is killed: it flushes nothing to the disk otherwise. */
  readonly durable?: boolean;
} = {}): Promise<Shop> {
  const directory = await newRunDirectory();
  const stack = await startStack({
    directory,
    replicas,
    durable,
    outside: { databaseUrls: {} },
    environment: environment(directory),
  });
  afterAll(async () => {
    await stack.stop();
    removeRunDirectory(directory);
  });
  return new Shop(stack);
}

/** A wallet order that goes through, changed where a test needs it. */
export function anOrder(changes: Partial<PlaceOrder> = {}): PlaceOrder {
  return {
    customerId: 'alice',
    lines: [{ sku: 'kettle', quantity: 1, unitPriceCents: 1_000 }],
    payment: { kind: 'wallet' },
    address: {
      zone: 'north',
      name: 'Alice Example',
      street: '1 High Street',
      city: 'York',
      postalCode: 'YO1 7HX',
    },
    shipOn: today,
    protocol: 'orchestrated',
    ...changes,
  };
}

export const byCard = (token: string) => ({ payment: { kind: 'card', token } as const });
