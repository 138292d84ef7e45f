import { durationMs } from '@ballast/platform';
import { defaultHoldPatience, type HoldPatience } from '@ballast/two-phase';
import type { z } from 'zod';

/** What a participant of try-confirm-cancel is configured with, to be spread into its schema. */
export const holdSettings = {
  /** How long what was set aside waits for the decision, before the coordinator is asked for it. */
  HOLD_MS: durationMs(defaultHoldPatience.holdMs),
  /** From one question to the next. */
  HOLD_ASK_AGAIN_MS: durationMs(defaultHoldPatience.askAgainMs),
};

export type HoldConfiguration = Readonly<z.infer<z.ZodObject<typeof holdSettings>>>;

export const holdPatienceOf = ({ HOLD_MS, HOLD_ASK_AGAIN_MS }: HoldConfiguration): HoldPatience => ({
  holdMs: HOLD_MS,
  askAgainMs: HOLD_ASK_AGAIN_MS,
});
