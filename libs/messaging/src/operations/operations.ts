import type { OperatorActionName, OperatorActionView } from '@ballast/contracts';
import { loadQueries, type Queries, type Query } from '@ballast/platform';
import { HttpOutbox, type HttpOutboxRow } from '../outbox/http-outbox.js';
import type { OutboxRow } from '../outbox/publisher.js';

/** Of the tables `operation` and `operator_action`, which each process with operators has among its own. */
const statements = loadQueries(new URL('../../src/operations/queries/', import.meta.url), [
  'ask-operation',
  'find-operation-key',
  'load-actions',
  'load-operation',
  'record-actions',
]);

/** What an operator asks for: an action on each of some orders. */
export interface NewOperation {
  /** UUIDv7. */
  readonly id: string;
  readonly idempotencyKey: string | null;
  readonly bodyHash: Buffer;
  readonly action: OperatorActionName;
  readonly operator: string;
  readonly reason: string;
  /** By order; the id is its message's. */
  readonly actions: readonly {
    readonly id: string;
    readonly orderId: string;
    readonly message: HttpOutboxRow;
  }[];
}

export type Asked =
  | { readonly kind: 'asked'; readonly id: string }
  /** The same was asked for under the key before. */
  | { readonly kind: 'repeated'; readonly id: string }
  | { readonly kind: 'key-reused' };

/** The audit of an action. `outcome` is null until the order's owner has handled it. */
export interface StoredAction {
  readonly id: string;
  readonly orderId: string;
  readonly action: OperatorActionName;
  readonly operator: string;
  readonly reason: string;
  readonly askedAt: Date;
  readonly outcome: 'applied' | 'refused' | null;
  readonly detail: string | null;
  readonly handledAt: Date | null;
}

/** What operators ask for: stored together with the messages to the orders' owners, who write down what became of it. */
export class Operations {
  constructor(
    private readonly database: Queries,
    private readonly outbox: { committed(rows: readonly OutboxRow[]): void },
  ) {}

  /** One statement, which is one transaction. A key that was used before is answered with its operation. */
  async ask(operation: NewOperation): Promise<Asked> {
    const { id, idempotencyKey, bodyHash, action, operator, reason, actions } = operation;
    const messages = actions.map(({ message }) => message);
    const [lanes, topics, keys, values] = HttpOutbox.arrays(messages);
    const { rows } = await this.database.query<{ seq: number | null; key: string }>(
      statements.statement('ask-operation', [
        id,
        idempotencyKey,
        bodyHash,
        actions.map(action => action.id),
        actions.map(action => action.orderId),
        action,
        operator,
        reason,
        lanes,
        topics,
        keys,
        values.join('\n'),
      ]),
    );
    if (rows.length === 0) return this.#met(idempotencyKey!, bodyHash);
    const seqs = new Map(rows.map(({ key, seq }) => [key, seq]));
    this.outbox.committed(
      messages.flatMap(row => {
        const seq = seqs.get(row.key);
        return seq == null ? [] : [{ ...row, seq }];
      }),
    );
    return { kind: 'asked', id };
  }

  /** The actions of an operation; undefined when there is none. */
  async load(id: string): Promise<StoredAction[] | undefined> {
    const { rows } = await this.database.query<Nullable<StoredAction>>(
      statements.statement('load-operation', [id]),
    );
    if (rows.length === 0) return undefined;
    return rows.filter((row): row is StoredAction => row.id !== null);
  }

  /** The actions on one order. */
  async actionsOn(orderId: string): Promise<StoredAction[]> {
    return (await this.database.query<StoredAction>(statements.statement('load-actions', [orderId]))).rows;
  }

  async #met(key: string, bodyHash: Buffer): Promise<Asked> {
    const { rows } = await this.database.query<{ id: string; bodyHash: Buffer }>(
      statements.statement('find-operation-key', [key]),
    );
    const [met] = rows;
    if (met === undefined) throw new Error('an operation was neither stored nor met under its key');
    return met.bodyHash.equals(bodyHash) ? { kind: 'repeated', id: met.id } : { kind: 'key-reused' };
  }
}

/** What became of an operator's action: its audit. */
export interface Ruling {
  /** The message's id. */
  readonly id: string;
  readonly orderId: string;
  readonly action: OperatorActionName;
  readonly operator: string;
  readonly reason: string;
  /** RFC 3339. */
  readonly askedAt: string;
  /** Why nothing was done; null when it was. */
  readonly refusal: string | null;
}

/** To be run in the transaction of the effects. */
export function recordActions(rulings: readonly Ruling[], now: Date): Query {
  return statements.statement('record-actions', [
    rulings.map(({ id }) => id),
    rulings.map(({ orderId }) => orderId),
    rulings.map(({ action }) => action),
    rulings.map(({ operator }) => operator),
    rulings.map(({ reason }) => reason),
    rulings.map(({ askedAt }) => askedAt),
    rulings.map(({ refusal }) => (refusal === null ? 'applied' : 'refused')),
    rulings.map(({ refusal }) => refusal),
    now,
  ]);
}

export const actionView = (action: StoredAction): OperatorActionView => ({
  id: action.id,
  orderId: action.orderId,
  action: action.action,
  operator: action.operator,
  reason: action.reason,
  askedAt: action.askedAt.toISOString(),
  outcome: action.outcome ?? 'waiting',
  detail: action.detail,
  handledAt: action.handledAt?.toISOString() ?? null,
});

type Nullable<T> = { [Name in keyof T]: T[Name] | null };
