/** What reads and writes use: a pool, a client or a transaction, as far as they are concerned. */
export interface Queries {
  query<Row = Record<string, unknown>>(query: Query): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** A statement with its values. A `name` makes it a prepared statement of the connection. */
export interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}
