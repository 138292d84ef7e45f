import type { Logger } from '@ballast/platform';
import type { Kafka as KafkaClient, LogEntry } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from './kafkajs.js';
import type { ConsumerConfiguration } from './settings.js';

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Put before every topic and group name; empty but in tests, which share one Kafka. */
  readonly topicPrefix?: string;
  readonly logger: Logger;
}

/** How a service reaches Kafka, as its environment says. */
export function kafkaOf(
  configuration: Pick<ConsumerConfiguration, 'KAFKA_BROKERS' | 'TOPIC_PREFIX'>,
  clientId: string,
  logger: Logger,
): KafkaOptions {
  return { brokers: configuration.KAFKA_BROKERS, clientId, topicPrefix: configuration.TOPIC_PREFIX, logger };
}

/**
 * Endless retries keep the membership and the producer through a broker's absence: with kafkajs's default of 5 the
 * consumer crashes and rejoins many seconds later. It has to be given to `consumer()` as well as to the client.
 */
export const endlessRetry = {
  initialRetryTime: 50,
  factor: 0.2,
  multiplier: 1.5,
  maxRetryTime: 300,
  retries: Number.MAX_SAFE_INTEGER,
} as const;

/** A client of the cluster, logging to ours. kafkajs's own levels are lowered: it calls each retry an error. */
export function connectKafka({ brokers, clientId, logger }: KafkaOptions): KafkaClient {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    retry: endlessRetry,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log, namespace }: LogEntry) => {
        const { message, timestamp: _, logger: __, ...details } = log;
        const line = `kafkajs ${namespace}: ${message}`;
        if (level === logLevel.ERROR) logger.warn(details, line);
        else logger.debug(details, line);
      },
  });
}

/**
 * What a process asks first. kafkajs tries for ever by itself where connections are refused, and gives up where a broker
 * accepts them and then says nothing, or goes away in between: that passes, too.
 * @throws what does not pass by itself: a topic that is missing, a wrong password
 */
export async function untilKafkaAnswers<Answer>(
  ask: () => Promise<Answer>,
  { brokers, logger }: Pick<KafkaOptions, 'brokers' | 'logger'>,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isSilence(error)) throw error;
      logger.warn({ err: error, brokers }, 'Kafka does not answer yet; the next try is in a second');
      await sleep(1_000);
    }
  }
}

const silent = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
]);

function isSilence(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (silent.has(error.name) || isSilence(error.cause)) return true;
  // Of a broker that was found, and lost again while kafkajs asked it: a plain Error, or null where it expects an answer.
  return (
    error.message === 'Broker not connected' ||
    (error instanceof TypeError && /[\\/]kafkajs[\\/]/.test(error.stack ?? ''))
  );
}

const partitioner = Partitioners.DefaultPartitioner();

/** The lane of an order: the partition that Kafka's own clients would choose for the key (murmur2). */
export function laneOf(orderId: string, laneCount: number): number {
  return partitioner({
    topic: '',
    partitionMetadata: partitions(laneCount),
    message: { key: orderId, value: null },
  });
}

const partitionsByCount = new Map<
  number,
  { partitionId: number; leader: number; [key: string]: unknown }[]
>();

function partitions(count: number) {
  let known = partitionsByCount.get(count);
  if (known === undefined) {
    known = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 0 }));
    partitionsByCount.set(count, known);
  }
  return known as never;
}
