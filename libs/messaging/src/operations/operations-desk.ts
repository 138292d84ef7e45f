import { type Command, type OperatorActionName, problems, topicOf } from '@ballast/contracts';
import { Problem, type TraceContext } from '@ballast/platform';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import { createMessage } from '../envelope.js';
import type { HttpOutbox } from '../outbox/http-outbox.js';
import type { NewOperation, Operations, StoredAction } from './operations.js';

/** What an operator asks for. `data` is the message's, with operator and reason in it. */
export interface Wish {
  readonly action: OperatorActionName;
  /** What asks the order's owner for it. */
  readonly command: Command;
  readonly data: { readonly operator: string; readonly reason: string };
  /** Everything that makes it another wish than the one before under the same key. */
  readonly body: unknown;
  readonly idempotencyKey: string | null;
  readonly trace: TraceContext;
}

/**
 * Takes operators' wishes: each becomes a message to the owner of the order's lane, who alone decides whether it is done.
 * Answers wait for that decision, as long as they may.
 */
export class OperationsDesk {
  readonly #closing = new AbortController();

  constructor(
    private readonly operations: Operations,
    private readonly outbox: Pick<HttpOutbox, 'rows'>,
    /** Under whose name the owner is asked: `/orchestrator/operations`. */
    private readonly source: string,
    /** How often an operation that is waited for is looked at. */
    private readonly lookEveryMs = 25,
  ) {}

  /**
   * @param choose the orders that it is about; asked again for a repeated key, whose first choice counts
   * @returns the operation's id
   * @throws Problem when the key belongs to another request (422)
   */
  async ask(
    wish: Wish,
    choose: () => Promise<readonly string[]>,
  ): Promise<{ id: string; replayed: boolean }> {
    const asked = await this.operations.ask(this.#operation(wish, await choose()));
    if (asked.kind === 'key-reused') {
      const detail = 'the key belongs to another request; use a new one';
      throw new Problem(problems.IDEMPOTENCY_KEY_REUSED, detail);
    }
    return { id: asked.id, replayed: asked.kind === 'repeated' };
  }

  /** The operation once everything of it was handled, or as it is after `waitMs`; undefined when there is none. */
  async outcome(id: string, waitMs: number): Promise<StoredAction[] | undefined> {
    const until = performance.now() + waitMs;
    for (;;) {
      const actions = await this.operations.load(id);
      const isHandled = actions === undefined || actions.every(({ outcome }) => outcome !== null);
      if (isHandled || performance.now() >= until || this.#closing.signal.aborted) return actions;
      await sleep(this.lookEveryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Answers what waits as it is: closing HTTP waits for every request in flight. */
  close(): void {
    this.#closing.abort();
  }

  #operation(wish: Wish, orders: readonly string[]): NewOperation {
    const { action, command, data, body, idempotencyKey, trace } = wish;
    const at = new Date();
    const actions = orders.map(orderId => {
      const message = createMessage({
        type: command.type,
        source: this.source,
        subject: orderId,
        data,
        at,
        ...trace,
      });
      const [row] = this.outbox.rows([{ topic: topicOf(command), message }]);
      return { id: message.id, orderId, message: row! };
    });
    const bodyHash = createHash('sha256')
      .update(JSON.stringify([action, body]))
      .digest();
    const { operator, reason } = data;
    return { id: uuid(), idempotencyKey, bodyHash, action, operator, reason, actions };
  }
}
