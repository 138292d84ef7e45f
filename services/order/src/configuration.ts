import { consumerSettings } from '@ballast/messaging';
import { durationMs, httpUrl, processSettings } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z.object({
  ...processSettings,
  ...consumerSettings,
  /** Asked whether it has an article that no order has named here yet. */
  INVENTORY_URL: httpUrl,
  /** From an order's acceptance to the time when its flow gives up, before the pivot. */
  ORDER_TIMEOUT_MS: durationMs(30_000),
});
export type Configuration = Readonly<z.infer<typeof Configuration>>;
