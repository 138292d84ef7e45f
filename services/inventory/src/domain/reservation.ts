import {
  done,
  refused,
  rejected,
  type commitStock,
  type DataOf,
  type Decision,
  type ParticipantState,
  type releaseStock,
  type ReplyOf,
  type reserveStock,
  type StockLine,
} from '@ballast/contracts';
import { releaseUnits, reserveUnits, shipUnits, type Stock } from './stock.js';

/**
 * The goods of one order.
 *
 *     none -> reserved -> shipped
 *                 \
 *                  +----> released
 */
export interface Reservation {
  readonly status: 'reserved' | 'released' | 'shipped';
  readonly warehouse: string;
  /** As they were ordered; an article may stand in several. */
  readonly lines: readonly StockLine[];
}

export type ReservationStatus = Reservation['status'];

/** Stock by SKU: that of the articles which the order names, as far as it has to be changed. */
export type InventoryState = ParticipantState<Reservation, Stock>;

interface About {
  readonly orderId: string;
}
type Reserves = Decision<
  InventoryState,
  ReplyOf<typeof reserveStock>,
  (typeof reserveStock)['rejects'][number]
>;
type Releases = Decision<InventoryState, ReplyOf<typeof releaseStock>>;
type Commits = Decision<InventoryState, ReplyOf<typeof commitStock>>;

/** Reserves every line, or nothing: lines of one article add up. */
export function reserve(
  state: InventoryState,
  { lines }: DataOf<typeof reserveStock>,
  { orderId }: About,
): Reserves {
  // The barrier answers every further attempt from what it has stored.
  if (state.own !== undefined) throw new IllegalTransition(orderId, state.own.status, 'reserved');
  const wanted = quantities(lines);
  const missing = [...wanted.keys()].find(sku => !state.shared.has(sku));
  if (missing !== undefined) return rejected('UNKNOWN_SKU', `${missing} is not an article of ours`);

  const shared = new Map(state.shared);
  for (const [sku, quantity] of wanted) {
    const stock = state.shared.get(sku)!;
    const rest = reserveUnits(stock, quantity);
    if (rest === null) {
      return rejected('OUT_OF_STOCK', `${stock.available} of ${quantity} pieces of ${sku} are available`);
    }
    shared.set(sku, rest);
  }
  const { warehouse } = shared.get(lines[0]!.sku)!;
  return done({ own: { status: 'reserved', warehouse, lines }, shared, appended: [] }, { warehouse });
}

/** Gives back what is reserved. Refused once it was sent away. */
export function release(state: InventoryState, _data: object, about: About): Releases {
  const reservation = state.own;
  switch (reservation?.status) {
    case undefined:
    case 'released':
      return done(state, {});
    case 'shipped':
      return refused('ALREADY_SHIPPED', 'the goods have left the warehouse');
    case 'reserved':
      return done(moved(state, reservation, 'released', releaseUnits, about), {});
  }
}

/** Sends away what is reserved. Refused when nothing is, or no longer: an order must not go out without its goods. */
export function commit(state: InventoryState, _data: object, about: About): Commits {
  const reservation = state.own;
  switch (reservation?.status) {
    case undefined:
      return refused('NOT_RESERVED', 'nothing is reserved for the order');
    case 'released':
      return refused('NOT_RESERVED', 'the reservation was released');
    case 'shipped':
      return done(state, {});
    case 'reserved':
      return done(moved(state, reservation, 'shipped', shipUnits, about), {});
  }
}

/** The SKUs whose stock a command changes: those ordered, and later those reserved. */
export function skusOf(
  command: { type: string; data: unknown },
  own: Reservation | undefined,
): readonly string[] {
  switch (command.type as (typeof reserveStock | typeof releaseStock | typeof commitStock)['type']) {
    case 'inventory.reserve':
      return distinctSkus((command.data as DataOf<typeof reserveStock>).lines);
    case 'inventory.release':
    case 'inventory.commit':
      return own?.status === 'reserved' ? distinctSkus(own.lines) : [];
  }
}

export class IllegalTransition extends Error {
  readonly code = 'BALLAST_ILLEGAL_TRANSITION';

  constructor(
    readonly orderId: string,
    readonly from: ReservationStatus,
    readonly to: ReservationStatus,
  ) {
    super(`the reservation of order ${orderId} is ${from}: it cannot become ${to}`);
    this.name = 'IllegalTransition';
  }
}

function moved(
  state: InventoryState,
  reservation: Reservation,
  status: ReservationStatus,
  move: (stock: Stock, quantity: number) => Stock,
  { orderId }: About,
): InventoryState {
  const shared = new Map(state.shared);
  for (const [sku, quantity] of quantities(reservation.lines)) {
    const stock = shared.get(sku);
    if (stock === undefined) throw new Error(`the stock of ${sku}, reserved by order ${orderId}, is gone`);
    shared.set(sku, move(stock, quantity));
  }
  return { own: { ...reservation, status }, shared, appended: [] };
}

/** By SKU, in the order of the lines. */
function quantities(lines: readonly StockLine[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
}

const distinctSkus = (lines: readonly StockLine[]): readonly string[] =>
  lines.length === 1 ? [lines[0]!.sku] : [...new Set(lines.map(({ sku }) => sku))];
