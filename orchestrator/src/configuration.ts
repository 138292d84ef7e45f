import { consumerSettings, retentionsFit } from '@ballast/messaging';
import { durationMs, processSettings } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z
  .object({
    ...processSettings,
    ...consumerSettings,
    /** How long an attempt of a step may stay unanswered, where its definition does not say it. */
    STEP_TIMEOUT_MS: durationMs(5_000),
    /** After a pass of several answers: how long to let others come in, so that they share the next one. */
    GATHER_MS: durationMs(5),
  })
  .superRefine(retentionsFit);
export type Configuration = Readonly<z.infer<typeof Configuration>>;
