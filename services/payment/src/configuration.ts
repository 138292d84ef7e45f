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
    CARD_GATEWAY_URL: httpUrl,
    /** `off` only to show what they are good for: `npm run demo:resilience`. */
    CARD_GATEWAY_POLICIES: z.enum(['on', 'off'], { error: 'on or off' }).default('on'),
    /** How long the Idempotency-Keys of deposits are remembered. */
    IDEMPOTENCY_KEY_RETENTION_MS: retentionMs(7 * 86_400_000),
  })
  .superRefine(retentionsFit);
export type Configuration = Readonly<z.infer<typeof Configuration>>;
