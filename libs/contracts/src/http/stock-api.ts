import { z } from 'zod';
import { Sku } from '../primitives.js';

const Units = z.int().min(0).max(1_000_000_000);

export const StockView = z
  .object({ sku: Sku, available: Units, reserved: Units, shipped: Units })
  .meta({ id: 'StockView' });
export type StockView = z.infer<typeof StockView>;

/** `POST /stock/{sku}/deliveries`: adds goods; the first delivery makes the SKU known. */
export const Delivery = z
  .strictObject({ quantity: z.int().min(1).max(1_000_000_000) })
  .meta({ id: 'Delivery' });
