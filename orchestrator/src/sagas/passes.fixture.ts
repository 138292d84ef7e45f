import { type Answer, answerType, type Command, operatorCommands, startSaga } from '@ballast/contracts';
import {
  createMessage,
  type LaneHandler,
  type Message,
  type PassResult,
  PoisonedWork,
  type Work,
} from '@ballast/messaging';
import { type Connection, createLogger, openConnection, type Queries } from '@ballast/platform';
import type { OperatorAction } from '@ballast/saga';
import type { TestDatabase } from '@ballast/testkit';
import { v7 as uuid } from 'uuid';
import { SagaRepository } from '../storage/saga-repository.js';
import { type Definition, Definitions } from './definitions.js';
import { SagaHandler } from './saga-handler.js';

export const lane = 3;
export const newOrder = (): string => uuid();

export const anOrder = () => ({
  customerId: 'alice',
  lines: [{ sku: 'blue-kettle', quantity: 2, unitPriceCents: 3_900 }],
  amountCents: 7_800,
  payment: { kind: 'wallet' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
  shipOn: '2026-11-21',
});

/** Passes over the real tables, each a transaction, as the loop makes them; and what was logged. */
export class Passes {
  readonly log: { level: string; fields: Record<string, unknown>; text: string }[] = [];
  /** The names of the statements of the last pass. */
  readonly statements: string[] = [];
  handler: LaneHandler;
  #now = Date.now();

  private constructor(
    private readonly connection: Connection,
    private readonly database: TestDatabase,
    private readonly sagas: readonly Definition[],
  ) {
    this.handler = this.#newHandler();
  }

  static async open(database: TestDatabase, sagas: readonly Definition[]): Promise<Passes> {
    return new Passes(await connect(database.url), database, sagas);
  }

  close(): Promise<void> {
    return this.connection.end();
  }

  /** Another process, which knows only what is in the database, takes over. */
  async restart(sagas = this.sagas): Promise<PassResult['timers']> {
    this.handler = this.#newHandler(sagas);
    return this.claim([lane]);
  }

  claim(lanes: readonly number[]): Promise<PassResult['timers']> {
    return this.handler.claimed(lanes, this.connection);
  }

  later(ms: number): this {
    this.#now += ms;
    return this;
  }

  get now(): number {
    return this.#now;
  }

  /** Commits; rejects with what the handler rejects with, and nothing is kept then. */
  async pass(...work: readonly (Work | Message)[]): Promise<PassResult> {
    return this.#pass(work, async () => {
      const { command } = await this.connection.query({ text: 'COMMIT' });
      if (command !== 'COMMIT') throw new Error(`COMMIT was a ${command}`);
    });
  }

  /** The process dies, or loses its lane, before the commit. */
  async passRolledBack(...work: readonly (Work | Message)[]): Promise<PassResult> {
    const result = await this.#pass(work, () => Promise.reject(new RolledBack())).catch(
      (error: unknown) => error,
    );
    if (result instanceof RolledBack) return result.result!;
    throw result;
  }

  /** Sends what a pass sent to a participant that always agrees, until nothing is sent any more. */
  async settle(result: PassResult, answers: Partial<Record<string, Answer>> = {}): Promise<string[]> {
    const types: string[] = [];
    let { send } = result;
    while (send.length > 0) {
      types.push(...send.map(({ message }) => message.type));
      const asked = send.filter(({ message }) => message.step !== undefined);
      ({ send } = await this.pass(...asked.map(({ message }) => answerTo(message, answers[message.type]))));
    }
    return types;
  }

  /** Starts a saga whose parcel the carrier refuses until it is parked; it has to be parked after two attempts. */
  async parked(
    orderId: string,
    refused: Answer = { outcome: 'refused', code: 'CARRIER_AWAY' },
    definition = 'place-order',
  ): Promise<void> {
    await this.settle(await this.pass(startOf(orderId, anOrder(), 60_000, definition)), {
      'shipping.dispatch': refused,
    });
    const { send } = await this.later(1_000).pass(timer(orderId));
    await this.pass(...send.map(({ message }) => answerTo(message, refused)));
  }

  async stored(orderId: string) {
    const [row] = await this.database.rows<{
      running: boolean;
      ended: boolean;
      due_at: Date | null;
      state: { kind: string; reason?: string };
    }>(
      'SELECT running, ended_at IS NOT NULL AS ended, due_at, state FROM saga_progress WHERE order_id = $1',
      [orderId],
    );
    return row;
  }

  rows = (text: string, values: readonly unknown[] = []) => this.database.rows(text, values);
  query: Queries['query'] = query => this.connection.query(query);

  async #pass(work: readonly (Work | Message)[], commit: () => Promise<void>): Promise<PassResult> {
    this.statements.length = 0;
    await this.connection.query({ text: 'BEGIN' });
    const items = work.map(item =>
      'kind' in item ? item : ({ kind: 'message', lane, message: item } as const),
    );
    const tx: Queries = {
      query: query => {
        this.statements.push(query.name?.split(':')[0] ?? query.text);
        return this.connection.query(query);
      },
    };
    try {
      this.handler.prefetch?.(items, tx);
      const result = await this.handler.process(items, {
        tx,
        now: new Date(this.#now),
        locks: 'wait',
        underLockTimeout: load => load(),
        businessSave: save => save(),
      });
      await commit().catch((error: unknown) => {
        throw error instanceof RolledBack ? Object.assign(error, { result }) : error;
      });
      result.committed?.();
      return result;
    } catch (error) {
      await this.connection.query({ text: 'ROLLBACK' });
      throw error;
    }
  }

  #newHandler(sagas = this.sagas): LaneHandler {
    const note = (level: string) => (fields: object, text: string) =>
      void this.log.push({ level, fields: { ...fields }, text });
    const logger = { info: note('info'), warn: note('warn'), error: note('error') };
    return new SagaHandler(new Definitions(sagas), new SagaRepository(), logger as never);
  }
}

class RolledBack extends Error {
  result: PassResult | undefined;
}

export function messageOf(
  { type }: { type: string },
  orderId: string,
  data: unknown,
  attributes: Partial<Message> = {},
): Message {
  return {
    ...createMessage({ at: new Date(), type, source: '/test', subject: orderId, data }),
    ...attributes,
  };
}

export const startOf = (
  orderId: string,
  input: unknown = anOrder(),
  deadlineMs = 60_000,
  definition = 'place-order',
): Message =>
  messageOf(startSaga, orderId, {
    definition,
    input,
    deadline: new Date(Date.now() + deadlineMs).toISOString(),
  });

/** What an operator called dana sends. */
export const operated = (action: OperatorAction, orderId: string, more: object = {}): Message =>
  messageOf(operatorCommands[action], orderId, { operator: 'dana', reason: 'ticket 4711', ...more });

const replies: Record<string, unknown> = {
  'inventory.reserve': { warehouse: 'york' },
  'payment.authorize': { authorizationId: 'a-1' },
  'shipping.book': { day: '2026-11-21' },
  'payment.capture': { captureId: 'c-1' },
  'shipping.dispatch': { trackingNumber: 'T-1' },
};

/** What a participant answers to a command: by default that it is done. */
export function answerTo(asked: Message, answer?: Answer): Message {
  const { type, subject, sagaid, step, attempt } = asked;
  return messageOf(
    { type: answerType({ type } as Command) },
    subject,
    answer ?? { outcome: 'done', reply: replies[type] ?? {} },
    { ...(sagaid && { sagaid }), ...(step && { step }), ...(attempt && { attempt }) },
  );
}

export const timer = (orderId: string): Work => ({ kind: 'timer', lane, orderId });

export const typesOf = ({ send }: PassResult): string[] => send.map(({ message }) => message.type);

/** The messages that a poisoned pass blames, each with the reason. */
export async function blamed(pass: Promise<unknown>): Promise<{ message: Message | null; why: string }[]> {
  const error: unknown = await pass.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof PoisonedWork)) throw new Error(`nothing was blamed, but ${String(error)}`);
  return [...error.causes].map(([work, cause]) => ({
    message: work.kind === 'message' ? work.message : null,
    why: String(cause),
  }));
}

const connect = (url: string) =>
  openConnection({
    url,
    applicationName: 'test',
    transactionTimeoutMs: 20_000,
    logger: createLogger({ name: 'test', level: 'warn' }),
  });
