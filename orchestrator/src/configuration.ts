import { consumerSettings, retentionsFit } from '@ballast/messaging';
import { count, durationMs, operationsSettings, processSettings } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z
  .object({
    ...processSettings,
    ...consumerSettings,
    /** How long an attempt of a step may stay unanswered, where its definition does not say it. */
    STEP_TIMEOUT_MS: durationMs(5_000),
    /** Each time that so many attempts of what must not be given up have failed, its saga is parked. */
    PARK_AFTER_ATTEMPTS: count(20),
    /** After a pass of several answers: how long to let others come in, so that they share the next one. */
    GATHER_MS: durationMs(12),
    ...operationsSettings,
  })
  .superRefine(retentionsFit);
export type Configuration = Readonly<z.infer<typeof Configuration>>;
