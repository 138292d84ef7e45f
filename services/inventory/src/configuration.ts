import {
  branchSettings,
  consumerSettings,
  holdSettings,
  reactionSettings,
  retentionsFit,
} from '@ballast/messaging';
import { processSettings, retentionMs } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z
  .object({
    ...processSettings,
    ...consumerSettings,
    ...reactionSettings,
    ...branchSettings,
    ...holdSettings,
    /** How long the Idempotency-Keys of deliveries are remembered. */
    IDEMPOTENCY_KEY_RETENTION_MS: retentionMs(7 * 86_400_000),
  })
  .superRefine(retentionsFit);
export type Configuration = Readonly<z.infer<typeof Configuration>>;
