import type { BranchDecision, BranchView, ResolveBranch } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { gidPattern } from '@ballast/two-phase';
import { statements } from './tables.js';

/** How many branches of this database are open and in doubt, for a health detail. */
export interface BranchSums {
  readonly open: number;
  readonly prepared: number;
  /** How many the server takes, of all its databases. At 0 nothing can be prepared. */
  readonly preparedMax: number;
  readonly oldestSeconds: number;
  /** Prepared by another role than ours, which we can't end. */
  readonly foreignOwner: number;
  readonly alarms: number;
}

/** The branches of this service's database: looked at, and what operators decide alone written down. */
export class BranchBook {
  constructor(
    private readonly name: string,
    private readonly database: Queries,
  ) {}

  /** Those after this order that are not over and done with, by order. */
  list(after: string, limit: number): Promise<BranchView[]> {
    return this.#find([after, null, limit]);
  }

  async find(orderId: string): Promise<BranchView | undefined> {
    return (await this.#find(['', orderId, 1]))[0];
  }

  /** Writes it down, for the lane's owner to do; does nothing when the branch is not in doubt, or was decided. */
  async decide(orderId: string, { outcome, operator, reason }: ResolveBranch): Promise<void> {
    await this.database.query(statements.statement('request-decision', [orderId, outcome, operator, reason]));
  }

  async sums(): Promise<BranchSums> {
    const { rows } = await this.database.query<SumsRow>(
      statements.statement('sum-up-branches', [gidPattern(this.name)]),
    );
    const { open, prepared, prepared_max, oldest_seconds, foreign_owner, alarms } = rows[0]!;
    return {
      open,
      prepared,
      preparedMax: prepared_max,
      oldestSeconds: Math.round(oldest_seconds),
      foreignOwner: foreign_owner,
      alarms,
    };
  }

  async #find(values: readonly unknown[]): Promise<BranchView[]> {
    const { rows } = await this.database.query<ViewRow>(
      statements.statement('list-branches', [gidPattern(this.name), ...values]),
    );
    return rows.map(viewOf);
  }
}

interface SumsRow {
  readonly open: number;
  readonly prepared: number;
  readonly prepared_max: number;
  readonly oldest_seconds: number;
  readonly foreign_owner: number;
  readonly alarms: number;
}

/** Each part's columns are null where there is none. */
interface ViewRow {
  readonly order_id: string;
  readonly state: BranchView['state'] | null;
  readonly registered_at: Date | null;
  readonly keys: string[] | null;
  readonly alarm: string | null;
  readonly alarm_detail: string;
  readonly alarmed_at: Date;
  readonly gid: string | null;
  readonly prepared_at: Date;
  readonly owner: string;
  readonly age_seconds: number;
  readonly locks: string[];
  readonly outcome: BranchDecision['outcome'] | null;
  readonly operator: string;
  readonly reason: string;
  readonly requested_at: Date;
  readonly done_at: Date | null;
  readonly came_too_late: boolean;
  readonly contradicted_at: Date | null;
}

const viewOf = (row: ViewRow): BranchView => ({
  orderId: row.order_id,
  state: row.state ?? 'unregistered',
  registeredAt: row.registered_at?.toISOString() ?? null,
  prepared:
    row.gid === null
      ? null
      : {
          gid: row.gid,
          at: row.prepared_at.toISOString(),
          ageSeconds: row.age_seconds,
          owner: row.owner,
          locks: row.locks,
        },
  keys: row.keys ?? [],
  alarm:
    row.alarm === null
      ? null
      : { kind: row.alarm, detail: row.alarm_detail, at: row.alarmed_at.toISOString() },
  decision: decisionOf(row),
});

function decisionOf(row: ViewRow): BranchDecision | null {
  if (row.outcome === null) return null;
  return {
    outcome: row.outcome,
    operator: row.operator,
    reason: row.reason,
    requestedAt: row.requested_at.toISOString(),
    doneAt: row.done_at?.toISOString() ?? null,
    cameTooLate: row.came_too_late,
    contradictedAt: row.contradicted_at?.toISOString() ?? null,
  };
}
