import { count, durationMs } from '@ballast/platform';
import type { z } from 'zod';

/** What a participant in two-phase commits is configured with, to be spread into its schema. */
export const branchSettings = {
  /** How many branches are being prepared at a time: those that wait for a lock among them. */
  BRANCHES_PREPARING_MAX: count(6),
  /** How long a branch waits for one lock. */
  BRANCH_LOCK_TIMEOUT_MS: durationMs(1_000),
  /** How long is tried to prepare a branch, from the first attempt on, until the vote is no. */
  BRANCH_PATIENCE_MS: durationMs(3_000),
  /** How long a prepared branch waits for the decision before it asks for it. Its locks are held meanwhile. */
  BRANCH_ASK_AFTER_MS: durationMs(5_000),
};

export type BranchConfiguration = Readonly<z.infer<z.ZodObject<typeof branchSettings>>>;
