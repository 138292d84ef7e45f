import {
  branchSettings,
  consumerSettings,
  holdSettings,
  reactionSettings,
  retentionsFit,
} from '@ballast/messaging';
import { httpUrl, processSettings, retentionMs } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z
  .object({
    ...processSettings,
    ...consumerSettings,
    ...reactionSettings,
    ...branchSettings,
    ...holdSettings,
    CARRIER_URL: httpUrl,
    /** How long the Idempotency-Keys of added slots are remembered. */
    IDEMPOTENCY_KEY_RETENTION_MS: retentionMs(7 * 86_400_000),
  })
  .superRefine(retentionsFit);
export type Configuration = Readonly<z.infer<typeof Configuration>>;
