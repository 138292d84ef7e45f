import { allTopics } from '@ballast/contracts';
import { decode, type PartitionBounds, visitTopics } from '@ballast/messaging';
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { SortedRows } from './sorted-rows.js';

/** A message as it first appears on its topic. */
export interface MessageRow {
  readonly orderId: string;
  readonly id: string;
  readonly topic: string;
  readonly lane: number;
  readonly position: number;
  /** How often it stands there: doubles are allowed, the consumers drop them. */
  readonly copies: number;
  readonly type: string;
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly step: string | null;
  readonly attempt: number | null;
  /** Of an answer: done, rejected, aborted or refused. */
  readonly outcome: string | null;
}

/** Everything that stands on the topics, in a temporary database of the judge's own: it need not fit into memory. */
export class TopicLog {
  readonly #db = new DatabaseSync('');
  /** By the topic's name without its prefix. */
  readonly bounds = new Map<string, readonly PartitionBounds[]>();

  private constructor() {
    this.#db.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
      CREATE TABLE record (topic TEXT, lane INT, position INT, id TEXT, order_id TEXT, type TEXT, source TEXT,
        sent_at INT, step TEXT, attempt INT, outcome TEXT, digest BLOB, PRIMARY KEY (topic, lane, position)
      ) WITHOUT ROWID;
      CREATE TABLE unreadable (topic TEXT, lane INT, position INT, PRIMARY KEY (topic, lane, position));
      CREATE TABLE inbox (service TEXT, id TEXT, sent_at INT, PRIMARY KEY (service, id)) WITHOUT ROWID`);
  }

  static async read(brokers: readonly string[], prefix: string): Promise<TopicLog> {
    const log = new TopicLog();
    const physical = allTopics.map(topic => prefix + topic);
    const insert = log.#db.prepare(
      'INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const unreadable = log.#db.prepare('INSERT OR IGNORE INTO unreadable VALUES (?, ?, ?)');
    const bounds = await visitTopics(brokers, physical, (name, batch) => {
      const topic = name.slice(prefix.length);
      log.#db.exec('BEGIN');
      for (const { partition, offset, key, value } of batch) {
        try {
          const { id, type, source, subject, time, step, attempt, data } = decode(key, value);
          const { outcome } = (data ?? {}) as { outcome?: unknown };
          insert.run(
            topic,
            partition,
            offset,
            id,
            subject,
            type,
            source,
            Date.parse(time),
            step ?? null,
            attempt ?? null,
            typeof outcome === 'string' ? outcome : null,
            createHash('sha1').update(value!).digest(),
          );
        } catch {
          unreadable.run(topic, partition, offset);
        }
      }
      log.#db.exec('COMMIT');
    });
    for (const [name, partitions] of bounds) log.bounds.set(name.slice(prefix.length), partitions);
    log.#db.exec('CREATE INDEX record_id ON record (id)');
    return log;
  }

  /** Each message once, where it first stands, by order. What has no order id as its subject is left out. */
  byOrder(): SortedRows<MessageRow> {
    const rows = this.#db
      .prepare(
        `SELECT order_id AS orderId, id, topic, lane, min(position) AS position, count(*) AS copies, type, source,
                sent_at AS sentAt, step, attempt, outcome
         FROM record
         WHERE length(order_id) = 36 AND topic <> 'dead-letters'
         GROUP BY order_id, id, topic
         ORDER BY order_id, topic, position`,
      )
      .iterate() as Iterator<unknown> as Iterator<MessageRow>;
    return new SortedRows(() => {
      const piece: MessageRow[] = [];
      for (let row = rows.next(); !row.done; row = rows.next()) {
        if (piece.push(row.value) === 2_000) break;
      }
      return piece;
    });
  }

  rows<Row>(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[];
  }

  /** Puts a service's inbox beside the topics, to be compared. */
  async remember(
    service: string,
    pieces: () => Promise<readonly { readonly id: string; readonly sentAt: Date }[]>,
  ): Promise<void> {
    this.#db.prepare('DELETE FROM inbox WHERE service = ?').run(service);
    const insert = this.#db.prepare('INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)');
    for (;;) {
      const piece = await pieces();
      if (piece.length === 0) return;
      this.#db.exec('BEGIN');
      for (const { id, sentAt } of piece) insert.run(service, id, sentAt.getTime());
      this.#db.exec('COMMIT');
    }
  }

  /** Whether every message that was ever written is still there. */
  get isComplete(): boolean {
    return [...this.bounds.values()].flat().every(({ start }) => start === 0);
  }

  close(): void {
    this.#db.close();
  }
}
