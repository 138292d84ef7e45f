import {
  createMessage,
  encode,
  laneOf,
  LaneServer,
  type LoopHealth,
  type LoopOptions,
  type Message,
  messagingMigrations,
  type Pass,
  type PassContext,
  type PassResult,
  type Timer,
  type Work,
  writeTopic,
} from '@ballast/messaging';
import { createLogger, type Queries } from '@ballast/platform';
import { databaseForTest, type TestDatabase, topicsForTest, type TestTopics } from '@ballast/testkit';
import { v7 as uuid } from 'uuid';
import { afterEach } from 'vitest';

const laneCount = 4;
/**
 * A replica that hangs for some seconds on a busy machine keeps its lanes; what joins is heard of as soon as usual. One that
 * could not take its leave is not waited for as long as `eventually` waits.
 */
const unhurried = { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 375 };
const logger = createLogger({ name: 'transport tests', level: process.env['LOG_LEVEL'] ?? 'silent' });

export type Handle = (
  work: readonly Work[],
  pass: Pass,
) => Promise<Partial<PassResult>> | Partial<PassResult>;

/** One process of the service under test: the real transport around a handler that the test gives. */
export interface Replica {
  readonly server: LaneServer;
  readonly handled: Work[];
  readonly dropped: number[][];
  health(): LoopHealth;
  stop(): Promise<void>;
}

export interface Bench {
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  start(handle?: Handle, options?: Partial<LoopOptions> & { timers?: readonly Timer[] }): Promise<Replica>;
  /** Writes messages to a topic, each to its lane. */
  send(messages: readonly Message[], topic?: string): Promise<void>;
}

/** A service with two input topics, `in.commands` and `in.replies`, and one output topic, for one test file. */
export async function transportBench(): Promise<Bench> {
  const database = await databaseForTest({ sets: [messagingMigrations] });
  const topics = await topicsForTest({
    names: ['in.commands', 'in.replies', 'out', 'dead-letters'],
    partitions: laneCount,
  });
  const running = new Set<Replica>();
  afterEach(async () => {
    await Promise.all([...running].map(replica => replica.stop()));
    running.clear();
  });
  return {
    database,
    topics,
    async start(handle = () => ({}), { timers = [], ...options } = {}) {
      const handled: Work[] = [];
      const dropped: number[][] = [];
      const server = new LaneServer(
        { brokers: topics.brokers, clientId: `replica-${running.size}`, topicPrefix: topics.prefix, logger },
        {
          service: 'in',
          databaseUrl: database.url,
          topics: ['in.commands', 'in.replies'],
          laneCount,
          ...unhurried,
          ...options,
        },
        {
          claimed: async (lanes: readonly number[], _tx: Queries) =>
            timers.filter(({ lane }) => lanes.includes(lane)),
          dropped: lanes => void dropped.push([...lanes]),
          process: async () => ({ send: [], hold: [], timers: [] }),
        },
        logger,
      );
      server.addHandler('in', async (work: readonly Work[], context: PassContext) => {
        const result = await handle(work, context.pass);
        // What is rolled back comes again: it was not handled yet.
        const committed = () => {
          result.committed?.();
          handled.push(...work);
        };
        return { send: [], hold: [], timers: [], ...result, committed };
      });
      await new Promise<void>((resolve, reject) =>
        server.listen(error => (error === undefined ? resolve() : reject(error as Error))),
      );
      let stopped: Promise<void> | null = null;
      const replica: Replica = {
        server,
        handled,
        dropped,
        health: () => server.health(),
        stop: () => (stopped ??= server.close()),
      };
      running.add(replica);
      return replica;
    },
    send: (messages, topic = 'in.commands') => sendTo(topics, topic, messages, laneCount),
  };
}

/** Writes messages to a topic, each to its lane. */
export function sendTo(
  topics: TestTopics,
  topic: string,
  messages: readonly Message[],
  lanes: number,
): Promise<void> {
  return writeTopic(
    topics.brokers,
    topics.prefix + topic,
    messages.map(message => ({
      partition: laneOf(message.subject, lanes),
      key: message.subject,
      value: encode(message),
    })),
  );
}

/** A message for an order; a new order unless one is given. */
export function aMessage(attributes: Partial<Message> = {}): Message {
  return {
    ...createMessage({ at: new Date(), type: 'in.do', source: '/test', subject: uuid(), data: {} }),
    ...attributes,
  };
}

export function messagesFor(orderId: string, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => aMessage({ subject: orderId, data: { index } }));
}

export const laneFor = (orderId: string): number => laneOf(orderId, laneCount);

/** An order whose lane is this one. */
export function orderIn(lane: number): string {
  for (;;) {
    const orderId = uuid();
    if (laneFor(orderId) === lane) return orderId;
  }
}

/** Waits until something holds; the test fails with what was seen last. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 2_000)}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

export const sameMessages = (work: readonly Work[]): string[] =>
  work.flatMap(item => (item.kind === 'message' ? [item.message.id] : []));
