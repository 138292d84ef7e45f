import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import { z } from 'zod';
import type { Message } from './message.js';

/** The one header of every record: it marks structured mode (CloudEvents, Kafka protocol binding 3.3). */
export const contentType = 'application/cloudevents+json; charset=UTF-8';

/**
 * The largest value that is put on a topic, in bytes. The broker's limit (`message.max.bytes`, 1 MiB) holds for a
 * whole batch of one partition; a larger record would be refused together with everything that is sent beside it.
 */
export const valueBytesMax = 700_000;

/**
 * How deep the data of a message may be nested. Nothing of ours comes near it; some thousands of levels are more than
 * JSON.stringify and PostgreSQL's jsonb can take, and neither error says which message is at fault.
 */
const nestingMax = 100;

/** PostgreSQL knows no year 0 and no offset of 16 hours, and ISO 8601 none after 9999: told in UTC, in years that all know. */
const instant = z.iso
  .datetime({ offset: true })
  .transform(value => new Date(value))
  .refine(date => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999, {
    message: 'must be in the years 1 to 9999',
  })
  .transform(date => date.toISOString());
const storable = (value: string) => !value.includes('\u0000') && value.isWellFormed();

/** What is on the wire. Attributes that nobody here knows are dropped, as CloudEvents allows. */
const Envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid().toLowerCase(),
  type: z.string().min(1).max(200).refine(storable),
  source: z.string().min(1).max(200).refine(storable),
  time: instant,
  subject: z.string().min(1).max(200).refine(storable),
  data: z.unknown(),
  sagaid: z.string().max(200).refine(storable).optional(),
  step: z.string().max(200).refine(storable).optional(),
  attempt: z.int().min(1).optional(),
  deadline: instant.optional(),
  tcc: z.string().min(1).max(64).refine(storable).optional(),
  traceparent: z
    .string()
    .regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional(),
  tracestate: z.string().max(512).refine(storable).optional(),
});

/** A message with a fresh id (UUIDv7) and the given time of sending. */
export function createMessage<Data>(
  message: Omit<Message<Data>, 'id' | 'time'> & { at: Date },
): Message<Data> {
  const { at, ...attributes } = message;
  return { id: messageId(), time: at.toISOString(), ...attributes };
}

const randomPool = new Uint8Array(16 * 256);
let randomUsed = randomPool.length;

/** A UUIDv7 (RFC 9562). The random bytes come from a pool: asking the kernel for each id costs five times as much. */
function messageId(): string {
  if (randomUsed === randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  const random = randomPool.subarray(randomUsed, (randomUsed += 16));
  return v7({ random });
}

/** The attributes that an answer takes over from the message that it answers, and an effect from its cause. */
export function inherited(
  cause: Message,
): Pick<Message, 'subject' | 'sagaid' | 'step' | 'attempt' | 'tcc' | 'traceparent' | 'tracestate'> {
  return {
    subject: cause.subject,
    ...(cause.sagaid !== undefined && { sagaid: cause.sagaid }),
    ...(cause.step !== undefined && { step: cause.step }),
    ...(cause.attempt !== undefined && { attempt: cause.attempt }),
    ...(cause.tcc !== undefined && { tcc: cause.tcc }),
    ...(cause.traceparent !== undefined && { traceparent: cause.traceparent }),
    ...(cause.tracestate !== undefined && { tracestate: cause.tracestate }),
  };
}

/** The record value of a message. Throws RecordTooLarge beyond `valueBytesMax`. */
export function encode(message: Message): string {
  const value = JSON.stringify({ specversion: '1.0', ...message });
  // A UTF-16 unit takes 3 bytes at most: short values need no counting.
  if (value.length * 3 > valueBytesMax && Buffer.byteLength(value) > valueBytesMax) {
    throw new RecordTooLarge(message);
  }
  return value;
}

/** A record's message. Throws Undecodable, which says why, for anything that is not a message for this key. */
export function decode(key: Buffer | string | null, value: Buffer | null): Message {
  if (value === null) throw new Undecodable('the record has no value');
  let json: unknown;
  try {
    json = JSON.parse(value.toString('utf8'));
  } catch {
    throw new Undecodable('the value is not JSON');
  }
  const parsed = Envelope.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Undecodable(
      `not a CloudEvent that is understood here: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }
  const { specversion: _, ...message } = parsed.data;
  if (isDeeper(message.data, nestingMax)) {
    throw new Undecodable(`the data is nested more than ${nestingMax} levels deep`);
  }
  if (key === null || key.toString('utf8') !== message.subject) {
    throw new Undecodable('the key is not the subject: the record may be in the wrong lane');
  }
  return message as Message;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(part => isDeeper(part, levels - 1));
}

export class Undecodable extends Error {
  override readonly name = 'Undecodable';
}

export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';
  constructor(readonly record: Message) {
    super(`a ${record.type} of order ${record.subject} is larger than ${valueBytesMax} bytes`);
  }
}
