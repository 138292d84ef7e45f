import { hash } from 'node:crypto';
import { BatchLine, type Order, type PlaceOrder, type ProblemCode, problems } from '@ballast/contracts';
import type { HttpOutbox } from '@ballast/messaging';
import { Problem, type TraceContext } from '@ballast/platform';
import { v7 as uuid } from 'uuid';
import { fingerprint, place } from '../domain/placing.js';
import { GroupedCalls } from '../grouping/grouped-calls.js';
import type { NewOrder, OrderBook, Placed } from '../storage/order-book.js';
import type { Admission } from './admission.js';
import { firstMessage } from './first-message.js';
import type { KnownSkus } from './known-skus.js';

export interface Accepted {
  readonly id: string;
  /** The order was placed by an earlier request with the same key. */
  readonly replayed: boolean;
}

export interface OrderDeskOptions {
  /** From the order's acceptance to the time when its flow gives up, before the pivot. */
  readonly orderTimeoutMs: number;
  /** How many orders may wait for Kafka before more are refused. */
  readonly unsentMax: number;
  readonly groupMax?: number;
  readonly waitingMax?: number;
}

/**
 * Takes orders in: checks what only memory and inventory can tell, and stores concurrent orders together. An order is
 * acknowledged when it is durable; its flow starts by a message of the same transaction.
 */
export class OrderDesk {
  readonly #storing: GroupedCalls<NewOrder, Placed>;
  /** The keys of the requests in hand, with the request that each belongs to. */
  readonly #inFlight = new Map<string, symbol>();

  constructor(
    book: OrderBook,
    private readonly skus: KnownSkus,
    private readonly outbox: Pick<HttpOutbox, 'rows' | 'backlog'>,
    private readonly admission: Pick<Admission, 'admit'>,
    private readonly options: OrderDeskOptions,
  ) {
    const { groupMax = 500, waitingMax = 10_000 } = options;
    this.#storing = new GroupedCalls(orders => book.place(orders), { sizeMax: groupMax, waitingMax });
  }

  /**
   * Throws a Problem when the order is refused.
   * @param deadline when the client stops waiting
   */
  async place(
    body: PlaceOrder,
    key: string | undefined,
    trace: TraceContext,
    deadline?: Date,
  ): Promise<Accepted> {
    const request = Symbol();
    const draft = this.#draft(body, key, trace, request);
    const arrival = { customerId: body.customerId, priority: 'normal', deadline } as const;
    try {
      return await this.admission.admit(arrival, async () => {
        const misses = this.skus.misses(skusOf(draft));
        const unknown = misses.size === 0 ? misses : await this.skus.unknownAmong(misses);
        return await this.#store(draft, unknown);
      });
    } finally {
      this.#release(key, request);
    }
  }

  /**
   * Each line by itself, as `place` would; results in the order of the lines. A key that occurs twice is placed by its
   * first line: the others meet it, as later requests would.
   * @param lines what the client sent, unchecked
   */
  async placeBatch(
    lines: readonly unknown[],
    trace: TraceContext,
    deadline?: Date,
  ): Promise<(Accepted | Problem)[]> {
    const request = Symbol();
    const drafts = lines.map(line => this.#draftOfLine(line, trace, request));
    try {
      const misses = this.skus.misses(
        drafts.flatMap(draft => (draft instanceof Problem ? [] : skusOf(draft))),
      );
      const unknown = misses.size === 0 ? misses : await this.skus.unknownAmong(misses);
      return await Promise.all(
        drafts.map(draft => {
          if (draft instanceof Problem) return draft;
          const arrival = { customerId: draft.body.customerId, priority: 'low', deadline } as const;
          return this.admission.admit(arrival, () => this.#store(draft, unknown)).catch(problemOf);
        }),
      );
    } finally {
      for (const draft of drafts) if (!(draft instanceof Problem)) this.#release(draft.key, request);
    }
  }

  #draftOfLine(line: unknown, trace: TraceContext, request: symbol): Draft | Problem {
    const parsed = BatchLine.safeParse(line);
    if (!parsed.success) return lineProblem(parsed.error.issues);
    try {
      return this.#draft(parsed.data.order, parsed.data.idempotencyKey ?? undefined, trace, request);
    } catch (error) {
      return problemOf(error);
    }
  }

  /** Checks what needs no waiting, and takes the key. */
  #draft(body: PlaceOrder, key: string | undefined, trace: TraceContext, request: symbol): Draft {
    if (this.outbox.backlog >= this.options.unsentMax) throw tooManyUnsent(this.outbox.backlog);
    const at = new Date();
    const placing = place(body, at.toISOString().slice(0, 10));
    if (placing.kind === 'refused') throw new Problem(problems[placing.code], placing.detail);
    if (key !== undefined) this.#take(key, request);
    return { body, order: placing.order, key, at, trace };
  }

  #take(key: string, request: symbol): void {
    const holder = this.#inFlight.get(key);
    if (holder !== undefined && holder !== request) throw keyInFlight();
    this.#inFlight.set(key, request);
  }

  #release(key: string | undefined, request: symbol): void {
    if (key !== undefined && this.#inFlight.get(key) === request) this.#inFlight.delete(key);
  }

  async #store(draft: Draft, unknown: ReadonlySet<string>): Promise<Accepted> {
    if (unknown.size > 0) {
      const sku = skusOf(draft).find(sku => unknown.has(sku));
      if (sku !== undefined)
        throw new Problem(problems.UNKNOWN_SKU, `there is no article ${sku}`, { extensions: { sku } });
    }
    return acceptedOf(await this.#storing.submit(this.#newOrder(draft)));
  }

  #newOrder({ body, order, key, at, trace }: Draft): NewOrder {
    const id = uuid();
    return {
      id,
      idempotency: key === undefined ? null : { key, bodyHash: hash('sha256', fingerprint(body), 'buffer') },
      customerId: order.customerId,
      protocol: body.protocol,
      amountCents: order.amountCents,
      details: detailsOf(order),
      start: this.outbox.rows([
        firstMessage(body.protocol, {
          orderId: id,
          order,
          at,
          deadline: new Date(at.getTime() + this.options.orderTimeoutMs),
          trace,
        }),
      ])[0]!,
    };
  }
}

/** A request that passed every check but the one of its SKUs. */
interface Draft {
  readonly body: PlaceOrder;
  readonly order: Order;
  readonly key: string | undefined;
  readonly at: Date;
  readonly trace: TraceContext;
}

const skusOf = (draft: Draft): string[] => draft.order.lines.map(line => line.sku);

/** What is shown of an order and needs no column. The card's token is the gateway's secret: it is not kept here. */
const detailsOf = ({ lines, payment, address, shipOn }: Order): string =>
  JSON.stringify({ lines, payment: { kind: payment.kind }, address, shipOn });

function acceptedOf(placed: Placed): Accepted {
  switch (placed.kind) {
    case 'placed':
      return { id: placed.id, replayed: false };
    case 'replayed':
      return { id: placed.id, replayed: true };
    case 'key-reused':
      throw new Problem(problems.IDEMPOTENCY_KEY_REUSED, 'another order was placed under this key');
    case 'key-in-flight':
      throw keyInFlight();
    case 'failed':
      throw placed.error;
  }
}

const tooManyUnsent = (orders: number) =>
  new Problem(
    problems.UNAVAILABLE,
    `${orders} accepted orders wait for Kafka, which takes no messages: nothing of this one was kept`,
    { headers: { 'retry-after': '1' } },
  );

const keyInFlight = () =>
  new Problem(problems.IDEMPOTENCY_KEY_IN_FLIGHT, 'the first request with this key is still being handled', {
    headers: { 'retry-after': '1' },
  });

/** A line's error is told in its result: what is no Problem yet becomes one. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(problems.UNAVAILABLE, 'the order could not be stored; try again', { cause: error });
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function lineProblem([issue]: readonly Issue[]): Problem {
  const path = issue?.path.map(String).join('.') ?? '';
  const code: ProblemCode = path === 'idempotencyKey' ? 'IDEMPOTENCY_KEY_INVALID' : 'VALIDATION_FAILED';
  const detail = `${path === '' ? '' : `${path}: `}${issue?.message ?? 'not valid'}`;
  return new Problem(problems[code], detail.slice(0, 500));
}
