import { z } from 'zod';
import { OrderId, Sku, StockLine, text } from '../primitives.js';
import { whole } from './query.js';

/** No article has more pieces in the warehouse than this, available and reserved together. */
export const stockUnitsMax = 1_000_000_000;

const InWarehouse = z.int().min(0).max(stockUnitsMax);
/** Counts up for ever, to 2^53 - 1. */
const SinceEver = z.int().min(0);

/** One article. At any time available + reserved + shipped = delivered. */
export const StockView = z
  .object({
    sku: Sku,
    available: InWarehouse,
    reserved: InWarehouse,
    shipped: SinceEver,
    delivered: SinceEver,
  })
  .meta({ id: 'StockView' });
export type StockView = z.infer<typeof StockView>;

/** `POST /stock/{sku}/deliveries`: adds goods; the first delivery makes the SKU known. */
export const Delivery = z
  .strictObject({ quantity: z.int().min(1).max(stockUnitsMax) })
  .meta({ id: 'Delivery', example: { quantity: 100 } });
export type Delivery = z.infer<typeof Delivery>;

/** `GET /stock`: by SKU. The cursor is the `nextCursor` of the page before. */
export const StockQuery = z
  .strictObject({ limit: whole(1, 200).default(50), cursor: Sku.optional() })
  .meta({ id: 'StockQuery' });
export type StockQuery = z.infer<typeof StockQuery>;

export const StockPage = z
  .object({ stock: z.array(StockView), nextCursor: z.string().nullable() })
  .meta({ id: 'StockPage' });
export type StockPage = z.infer<typeof StockPage>;

/** `GET /reservations/{orderId}`: the goods of an order, line by line as it was placed. */
export const ReservationView = z
  .object({
    orderId: OrderId,
    status: z.enum(['RESERVED', 'RELEASED', 'SHIPPED']),
    warehouse: text(64),
    lines: z.array(StockLine),
  })
  .meta({ id: 'ReservationView' });
export type ReservationView = z.infer<typeof ReservationView>;
