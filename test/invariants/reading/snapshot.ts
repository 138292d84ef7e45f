import { type Connection, openConnection } from '@ballast/platform';
import { SortedRows } from './sorted-rows.js';

/** One moment of one database, which the judge only reads. */
export class Snapshot {
  #cursors = 0;

  private constructor(
    private readonly connection: Connection,
    /** By the database's clock. */
    readonly now: Date,
  ) {}

  static async open(url: string): Promise<Snapshot> {
    const connection = await openConnection({ url, applicationName: 'judge', transactionTimeoutMs: 600_000 });
    await connection.query({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' });
    const { rows } = await connection.query<{ now: Date }>({ text: 'SELECT now()' });
    return new Snapshot(connection, rows[0]!.now);
  }

  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.connection.query<Row>({ text, values })).rows;
  }

  /** The rows of a query that is ordered by "orderId". */
  sorted<Row extends { readonly orderId: string }>(text: string): SortedRows<Row> {
    return new SortedRows(this.pieces(text));
  }

  /** Fetches a query's rows piece by piece; an empty piece is the end. */
  pieces<Row>(text: string, size = 2_000): () => Promise<Row[]> {
    const cursor = `judge_${this.#cursors++}`;
    let declared = false;
    return async () => {
      if (!declared) await this.connection.query({ text: `DECLARE ${cursor} NO SCROLL CURSOR FOR ${text}` });
      declared = true;
      return this.rows<Row>(`FETCH ${size} FROM ${cursor}`);
    };
  }

  async close(): Promise<void> {
    await this.connection.end();
  }
}
