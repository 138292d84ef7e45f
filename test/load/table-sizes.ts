import { openPool, type Pool } from '@ballast/platform';

/** Bytes on disk of each table with its indexes and partitions, by `database.table`. */
export type Sizes = Readonly<Record<string, number>>;

/** What a shop keeps for ever: its books. They grow with every order, and nothing purges them. */
export const books: ReadonlySet<string> = new Set([
  'order.orders',
  'inventory.reservation',
  'inventory.stock',
  'payment.payment',
  'payment.posting',
  'payment.wallet',
  'shipping.capacity',
  'shipping.shipment',
  'shipping.slot',
]);

/** Looks at the tables of several databases. */
export class TableSizes {
  readonly #pools: readonly (readonly [name: string, pool: Pool])[];

  /** @param databaseUrls by the name of their service */
  constructor(databaseUrls: Readonly<Record<string, string>>) {
    this.#pools = Object.entries(databaseUrls).map(([name, url]) => [
      name,
      openPool({ url, applicationName: 'table sizes', max: 1 }),
    ]);
  }

  async read(): Promise<Sizes> {
    const sizes = await Promise.all(
      this.#pools.map(async ([database, pool]) => {
        const { rows } = await pool.query<{ name: string; bytes: string }>({ text: sizesQuery });
        return rows.map(({ name, bytes }) => [`${database}.${name}`, Number(bytes)] as const);
      }),
    );
    return Object.fromEntries(sizes.flat());
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map(([, pool]) => pool.end()));
  }
}

/** A bucket of the inbox that is dropped meanwhile has no size. */
const sizesQuery = `
  SELECT coalesce(pg_partition_root(oid)::regclass::text, relname) AS name,
         coalesce(sum(pg_total_relation_size(oid)), 0) AS bytes
  FROM pg_class
  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  GROUP BY 1`;
