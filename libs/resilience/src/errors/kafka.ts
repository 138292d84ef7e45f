import type { ErrorClass, ErrorShape } from './error-class.js';

/** kafkajs's errors, by name. All others are a `bug` where they say that they are not retriable. */
export const kafkaNames: Readonly<Record<string, ErrorClass>> = {
  KafkaJSConnectionError: 'transient', // could not connect
  KafkaJSConnectionClosedError: 'unknown', // the connection broke while a request was under way
  KafkaJSRequestTimeoutError: 'unknown',
  KafkaJSTimeout: 'unknown',
  KafkaJSLockTimeout: 'transient',
  KafkaJSPartialMessageError: 'unknown',
  KafkaJSGroupCoordinatorNotFound: 'transient',
  KafkaJSFetcherRebalanceError: 'transient',
  KafkaJSOffsetOutOfRange: 'bug', // messages were deleted before they were read
  KafkaJSMemberIdRequired: 'transient',
};

/** Errors of Kafka's protocol for which "retriable" is not the whole answer. */
export const kafkaTypes: Readonly<Record<string, ErrorClass>> = {
  // The records may be in the log.
  UNKNOWN: 'unknown',
  KAFKAJS_UNKNOWN_ERROR_CODE: 'unknown',
  REQUEST_TIMED_OUT: 'unknown',
  NETWORK_EXCEPTION: 'unknown',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'unknown',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'unknown',
  DUPLICATE_SEQUENCE_NUMBER: 'unknown',
  UNKNOWN_PRODUCER_ID: 'unknown',
  // Another generation of the group, or another broker: not retriable as it is, but the client finds its way.
  BROKER_NOT_AVAILABLE: 'transient',
  ILLEGAL_GENERATION: 'transient',
  UNKNOWN_MEMBER_ID: 'transient',
  REBALANCE_IN_PROGRESS: 'transient',
  REASSIGNMENT_IN_PROGRESS: 'transient',
  FENCED_INSTANCE_ID: 'transient',
};

/** An error of kafkajs, by its name and shape; null when it is none. `classify` is for what it wraps. */
export function classifyKafka(
  error: ErrorShape,
  classify: (cause: unknown) => ErrorClass,
): ErrorClass | null {
  const { name, type, cause, retriable } = error;
  if (typeof name !== 'string' || !name.startsWith('KafkaJS')) return null;
  if (name === 'KafkaJSNumberOfRetriesExceeded' && cause != null) return classify(cause);
  if (Object.hasOwn(kafkaNames, name)) return kafkaNames[name]!;
  if (typeof type === 'string' && Object.hasOwn(kafkaTypes, type)) return kafkaTypes[type]!;
  return retriable === true ? 'transient' : 'bug';
}
