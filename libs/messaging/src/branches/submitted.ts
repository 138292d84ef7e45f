import type { BranchEvent } from '@ballast/two-phase';
import { z } from 'zod';
import type { Work } from '../lanes/work.js';

/** What the worker of the branches submits to the loop: what became of a branch's transaction, or an operator's word. */
export const BranchReport = z.object({
  kind: z.literal('branch'),
  event: z.custom<BranchEvent>(value => typeof (value as BranchEvent | null)?.kind === 'string'),
  /** What the prepared transaction has locked. */
  keys: z.array(z.string()).default([]),
});
export type BranchReport = z.infer<typeof BranchReport>;

export const reportIn = (work: Work): BranchReport | null =>
  work.kind === 'submitted' && (work.payload as Partial<BranchReport> | null)?.kind === 'branch'
    ? BranchReport.parse(work.payload)
    : null;
