import { z } from 'zod';
import { byOperator } from '../operator.js';
import { OrderId } from '../primitives.js';
import { whole } from './query.js';

/** A branch's outcome, as an operator decides it. */
const Outcome = z.enum(['commit', 'rollback']);

/**
 * `POST /operations/branches/{orderId}/resolve`: ends a branch that is in doubt, without the coordinator. Whatever it
 * decides later is held against this. `force` says that the warning was read.
 */
export const ResolveBranch = z
  .strictObject({
    outcome: Outcome,
    ...byOperator,
    force: z.boolean().default(false),
  })
  .meta({
    id: 'ResolveBranch',
    example: {
      outcome: 'rollback',
      operator: 'kim',
      reason: 'the coordinator is gone for good',
      force: true,
    },
  });
export type ResolveBranch = z.infer<typeof ResolveBranch>;

export const BranchDecision = z
  .object({
    outcome: Outcome,
    operator: z.string(),
    reason: z.string(),
    requestedAt: z.iso.datetime(),
    /** Null until the lane's owner has done it: about a second. */
    doneAt: z.iso.datetime().nullable(),
    /** The coordinator's decision came first, and was carried out instead. */
    cameTooLate: z.boolean(),
    /** The coordinator has decided otherwise, later: participants differ. */
    contradictedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'BranchDecision' });
export type BranchDecision = z.infer<typeof BranchDecision>;

/** A participant's branch of a two-phase commit. */
export const BranchView = z
  .object({
    orderId: OrderId,
    /** `unregistered` for a prepared transaction without a branch: it is looked at within seconds. */
    state: z.enum([
      'unregistered',
      'registered',
      'prepared',
      'committing',
      'rolling-back',
      'committed',
      'rolled-back',
    ]),
    registeredAt: z.iso.datetime().nullable(),
    /** Its transaction in PostgreSQL; null where none is prepared. */
    prepared: z
      .object({
        gid: z.string(),
        at: z.iso.datetime(),
        ageSeconds: z.number(),
        /** Only this role, or a superuser, can end it. */
        owner: z.string(),
        /** Relations and modes, as PostgreSQL calls them. */
        locks: z.array(z.string()),
      })
      .nullable(),
    /** The shared records that it has locked: articles, wallets, days. */
    keys: z.array(z.string()),
    alarm: z.object({ kind: z.string(), detail: z.string(), at: z.iso.datetime() }).nullable(),
    decision: BranchDecision.nullable(),
  })
  .meta({ id: 'BranchView' });
export type BranchView = z.infer<typeof BranchView>;

/** `GET /operations/branches`: those that have not ended, are prepared, or raised an alarm; oldest order first. */
export const BranchesQuery = z
  .strictObject({ limit: whole(1, 200).default(50), cursor: OrderId.optional() })
  .meta({ id: 'BranchesQuery' });
export type BranchesQuery = z.infer<typeof BranchesQuery>;

export const BranchPage = z
  .object({ branches: z.array(BranchView), nextCursor: z.string().nullable() })
  .meta({ id: 'BranchPage' });
export type BranchPage = z.infer<typeof BranchPage>;
