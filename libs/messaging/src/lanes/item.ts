import type { KafkaMessage } from 'kafkajs';
import type { Message } from '../message.js';
import type { Work } from './work.js';

/** A record of a topic that waits to be handled: decoded, or with the reason why it can't be. */
export interface LogItem {
  readonly from: 'log';
  readonly lane: number;
  readonly topic: string;
  readonly offset: number;
  readonly record: KafkaMessage;
  readonly message: Message | null;
  readonly undecodable: Error | null;
}

/** A message that was held and is tried again. */
export interface HeldItem {
  readonly from: 'held';
  readonly lane: number;
  readonly orderId: string;
  readonly seq: number;
  readonly message: Message;
  readonly origin: Origin;
}

/** Where a held message was read, and what it came with: kept for the case that it cannot be handled in the end. */
export interface Origin {
  /** Null for what was held before this was kept. */
  readonly topic: string | null;
  readonly offset: number | null;
  /** By name, in base64. */
  readonly headers: Readonly<Record<string, string>>;
  /** The dead letter that an operator has put back. */
  readonly replayOf: number | null;
}

/** What a pass handles: work, with where it came from and what has to be settled once it is committed. */
export type Item =
  | LogItem
  | HeldItem
  | { readonly from: 'timer'; readonly lane: number; readonly orderId: string }
  | {
      readonly from: 'submitted';
      readonly lane: number;
      readonly orderId: string;
      readonly payload: unknown;
    };

/** The order an item belongs to; null for a record that nobody can read. */
export function orderIdOf(item: Item): string | null {
  return item.from === 'log' ? (item.message?.subject ?? null) : item.orderId;
}

export function workOf(item: Item): Work {
  switch (item.from) {
    case 'log':
      if (item.message === null) throw new TypeError('an undecodable record is no work');
      return { kind: 'message', lane: item.lane, message: item.message };
    case 'held':
      return { kind: 'message', lane: item.lane, message: item.message };
    case 'timer':
      return { kind: 'timer', lane: item.lane, orderId: item.orderId };
    case 'submitted':
      return { kind: 'submitted', lane: item.lane, orderId: item.orderId, payload: item.payload };
  }
}
