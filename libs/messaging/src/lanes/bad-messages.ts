import type { Queries } from '@ballast/platform';
import { statements } from '../storage/statements.js';
import { type Item, type LogItem, orderIdOf } from './item.js';
import type { BlockReason } from './lane.js';

/** Keeps messages that have to wait, in this order. */
export function insertHeld(
  db: Queries,
  held: readonly { item: LogItem; reason: BlockReason }[],
): Promise<unknown> {
  return db.query(
    statements.statement('insert-held', [
      held.map(({ item }) => item.lane),
      held.map(({ item }) => item.message!.subject),
      held.map(({ reason }) => reason),
      held.map(({ item }) => JSON.stringify(item.message)),
      held.map(({ item }) => item.topic),
      held.map(({ item }) => item.offset),
      held.map(({ item }) => JSON.stringify(headersOf(item.record.headers))),
    ]),
  );
}

/** Something that could not be decoded or handled. */
export interface DeadItem {
  readonly item: Item;
  readonly error: unknown;
  /** Whether later messages of its order wait behind it. */
  readonly blocks: boolean;
}

/** Keeps what could not be handled, with everything that is needed to show and to replay it. */
export function insertDeadLetters(db: Queries, dead: readonly DeadItem[]): Promise<unknown> {
  const rows = dead.map(({ item, error, blocks }) => ({
    ...remains(item),
    item,
    blocks,
    error: errorOf(error),
  }));
  return db.query(
    statements.statement('insert-dead-letters', [
      rows.map(({ item }) => item.lane),
      rows.map(({ topic }) => topic),
      rows.map(({ offset }) => offset),
      rows.map(({ item }) => orderIdOf(item)),
      rows.map(({ message }) => message?.id ?? null),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value),
      rows.map(({ headers }) => JSON.stringify(headers)),
      rows.map(({ error }) => storable(error.message)),
      rows.map(({ error }) => (error.stack === undefined ? null : storable(error.stack))),
      rows.map(({ blocks }) => blocks),
      rows.map(({ message }) => message?.type ?? null),
      rows.map(({ place }) => place),
      rows.map(({ replayOf }) => replayOf),
    ]),
  );
}

export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What is left of an item: as it stood in its topic, where it came from one. */
function remains(item: Item) {
  switch (item.from) {
    case 'log': {
      const { topic, offset, record, message } = item;
      const headers = headersOf(record.headers);
      return {
        topic,
        offset,
        key: record.key,
        value: record.value,
        headers,
        message,
        place: null,
        replayOf: null,
      };
    }
    case 'held': {
      const { message, orderId, seq, origin } = item;
      const value = Buffer.from(JSON.stringify({ specversion: '1.0', ...message }));
      return {
        ...origin,
        topic: origin.topic ?? 'held',
        key: Buffer.from(orderId),
        value,
        message,
        place: seq,
      };
    }
    default:
      // A timer, or something that the process submitted to itself: it has no message.
      return {
        topic: item.from,
        offset: null,
        key: Buffer.from(item.orderId),
        value: null,
        headers: {},
        message: null,
        place: null,
        replayOf: null,
      };
  }
}

function headersOf(headers: LogItem['record']['headers'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      storable(name),
      [value]
        .flat()
        .map(part => Buffer.from(part ?? '').toString('base64'))
        .join(','),
    ]),
  );
}

/** PostgreSQL refuses U+0000 in text and in jsonb: what is kept of a message's fault must not be one itself. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');
