/**
 * A message as the code sees it: a CloudEvents 1.0 event in structured mode. On the wire it is one JSON value with
 * `specversion` added (envelope.ts). The subject is the order id, and the record's key.
 */
export interface Message<Data = unknown> {
  /** UUIDv7; what the inbox deduplicates by. */
  readonly id: string;
  readonly type: string;
  /** The process that sent it, as a relative URI: `/orchestrator`. */
  readonly source: string;
  /** When it was sent, RFC 3339 in UTC. */
  readonly time: string;
  /** The order id. */
  readonly subject: string;
  readonly data: Data;
  /** The saga that asks or is answered, its step, and which attempt of the step this is, from 1. */
  readonly sagaid?: string;
  readonly step?: string;
  readonly attempt?: number;
  /** The saga's deadline, RFC 3339 in UTC, equal on every attempt: from then on a do before the pivot is refused. */
  readonly deadline?: string;
  /**
   * The try-confirm-cancel definition that asks, or is answered. Whoever is tried by one sets something aside until it
   * is told what to do with it, and asks when it hears nothing; without it, nothing waits.
   */
  readonly tcc?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** A message and the topic it goes to. Its partition follows from the subject. */
export interface Outgoing {
  readonly topic: string;
  readonly message: Message;
}
