import type { ServiceName } from '@ballast/contracts';
import { type Connection, openConnection } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seen } from './figures.js';

/** How long it waits between two looks. */
const pauseMs = 20;

/**
 * A reader beside the shop: looks into the participants' databases again and again, as any other session could, and
 * takes what it sees to last until the next look. It takes no locks, and none stop it.
 */
export class Observer {
  private constructor(
    private readonly connections: Readonly<Record<Watched, Connection>>,
    /** The database's processes that serve it: what they cost is nobody's. */
    readonly pids: ReadonlySet<number>,
  ) {}

  static async open(databaseUrls: Readonly<Record<ServiceName, string>>): Promise<Observer> {
    const connections = await Promise.all(
      watched.map(service =>
        openConnection({
          url: databaseUrls[service],
          applicationName: 'compare',
          transactionTimeoutMs: 60_000,
        }),
      ),
    );
    const pids = await Promise.all(
      connections.map(connection =>
        connection.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' }),
      ),
    );
    return new Observer(
      Object.fromEntries(watched.map((service, index) => [service, connections[index]!])) as Record<
        Watched,
        Connection
      >,
      new Set(pids.map(({ rows }) => rows[0]!.pid)),
    );
  }

  /**
   * Begins to look; `stop` says what was seen.
   * @param openOrders those that are under way now
   */
  watch(openOrders: () => readonly string[]): { stop(): Promise<Seen> } {
    const stopped = new AbortController();
    const seen = { lockedMs: 0, inDoubtMs: 0, reservedMs: 0, effects: new Map<string, Set<string>>() };
    const watching = (async () => {
      for (let lastMs = performance.now(); !stopped.signal.aborted;) {
        const glance = await this.#look(openOrders());
        const nowMs = performance.now();
        const lastedMs = nowMs - lastMs;
        lastMs = nowMs;
        seen.lockedMs += glance.locked * lastedMs;
        seen.inDoubtMs += glance.inDoubt * lastedMs;
        seen.reservedMs += glance.reserved * lastedMs;
        for (const [participant, ids] of glance.effects) {
          for (const id of ids)
            seen.effects.set(id, (seen.effects.get(id) ?? new Set<string>()).add(participant));
        }
        await sleep(pauseMs, null, { signal: stopped.signal }).catch(() => undefined);
      }
      return seen;
    })();
    // Whoever stops it hears of what went wrong.
    watching.catch(() => undefined);
    return {
      stop: () => {
        stopped.abort();
        return watching;
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.connections).map(connection => connection.end()));
  }

  async #look(openOrders: readonly string[]) {
    const { inventory, payment, shipping } = this.connections;
    const values = [openOrders];
    const [goods, money, parcels] = await Promise.all([
      inventory.query<Goods>({ name: 'goods', text: queries.goods, values }),
      payment.query<Money>({ name: 'money', text: queries.money, values }),
      shipping.query<Parcels>({ name: 'parcels', text: queries.parcels, values }),
    ]);
    const rows = { inventory: goods.rows[0]!, payment: money.rows[0]!, shipping: parcels.rows[0]! };
    return {
      locked: rows.inventory.locked + rows.payment.locked,
      reserved: rows.inventory.reserved,
      inDoubt: new Set(Object.values(rows).flatMap(({ bound }) => bound)).size,
      effects: watched.map(participant => [participant, rows[participant].effects] as const),
    };
  }
}

const watched = ['inventory', 'payment', 'shipping'] as const;
type Watched = (typeof watched)[number];

interface Parcels {
  readonly effects: readonly string[];
  /** Orders of which this participant has prepared or holds something, and waits to be told what becomes of it. */
  readonly bound: readonly string[];
}
interface Money extends Parcels {
  readonly locked: number;
}
interface Goods extends Money {
  readonly reserved: number;
}

/** A row version whose xmax is a transaction that goes on, or is prepared, is locked by it. */
const lockedIn = (table: string) =>
  `(SELECT count(*)::int FROM ${table}
    WHERE xmax::text <> '0' AND pg_xact_status(xmax::text::xid8) = 'in progress')`;

const bound = `
  ARRAY(SELECT right(gid, 36) FROM pg_prepared_xacts WHERE database = current_database()
        UNION SELECT order_id::text FROM hold) AS bound`;

const queries = {
  goods: `
    SELECT ${lockedIn('stock')} AS locked,
           ${bound},
           count(*) FILTER (WHERE status = 'reserved')::int AS reserved,
           coalesce(array_agg(order_id::text), '{}') AS effects
    FROM reservation WHERE order_id = ANY($1::uuid[]) AND status <> 'released'`,
  money: `
    SELECT ${lockedIn('wallet')} AS locked, ${bound},
           coalesce(array_agg(order_id::text), '{}') AS effects
    FROM payment WHERE order_id = ANY($1::uuid[]) AND status IN ('held', 'capturing', 'captured')`,
  parcels: `
    SELECT ${bound}, coalesce(array_agg(order_id::text), '{}') AS effects
    FROM shipment WHERE order_id = ANY($1::uuid[]) AND status <> 'cancelled'`,
};
