import { loadQueries, type Queries } from '@ballast/platform';
import type { BranchAlarm, LocalBranch, LocalBranchState } from '@ballast/two-phase';
import type { Message } from '../message.js';

export const statements = loadQueries(new URL('../../src/branches/queries/', import.meta.url), [
  'load-branches',
  'load-open-branches',
  'load-epochs',
  'save-branches',
  'mark-branch',
  'block-branch',
  'find-marker',
  'is-owned',
  'list-prepared',
  'find-prepared',
  'load-decisions',
  'settle-decisions',
  'contradict-decisions',
  'list-branches',
  'request-decision',
  'sum-up-branches',
  'forget-branches',
]);

/** What messages about a branch inherit from the message that it began with. */
export type Cause = Pick<Message, 'sagaid' | 'step' | 'traceparent' | 'tracestate'>;

/** A branch's row. */
export interface StoredBranch {
  readonly branch: LocalBranch;
  readonly lane: number;
  readonly cause: Cause;
  /** The shared records that it has locked. */
  readonly keys: readonly string[];
}

export interface ChangedBranch extends StoredBranch {
  /** Something that must not happen has happened to it. */
  readonly alarm: { readonly alarm: BranchAlarm; readonly detail: string } | null;
}

/** Nothing is to be done for it any more. */
export const hasEnded = ({ state }: LocalBranch): boolean =>
  state.kind === 'committed' || state.kind === 'rolled-back';

/** By order. */
export async function loadBranches(
  tx: Queries,
  name: string,
  orderIds: readonly string[],
): Promise<Map<string, StoredBranch>> {
  const { rows } = await tx.query<BranchRow>(statements.statement('load-branches', [orderIds]));
  return new Map(rows.map(row => [row.order_id, storedBranch(row, name)]));
}

/** The lanes' branches that have not ended. */
export async function loadOpenBranches(
  tx: Queries,
  name: string,
  lanes: readonly number[],
): Promise<StoredBranch[]> {
  const { rows } = await tx.query<BranchRow>(statements.statement('load-open-branches', [lanes]));
  return rows.map(row => storedBranch(row, name));
}

/** By lane. */
export async function loadEpochs(tx: Queries, lanes: readonly number[]): Promise<Map<number, number>> {
  const { rows } = await tx.query<{ lane: number; epoch: number }>(
    statements.statement('load-epochs', [lanes]),
  );
  return new Map(rows.map(({ lane, epoch }) => [lane, epoch]));
}

export async function saveBranches(tx: Queries, changed: readonly ChangedBranch[]): Promise<void> {
  await tx.query(
    statements.statement('save-branches', [
      changed.map(({ branch }) => branch.orderId),
      changed.map(({ lane }) => lane),
      changed.map(({ branch }) => branch.state.kind),
      changed.map(({ branch: { state } }) => JSON.stringify(detailOf(state))),
      changed.map(({ branch: { order } }) => (order === null ? null : JSON.stringify(order))),
      changed.map(({ cause }) => JSON.stringify(cause)),
      changed.map(({ keys }) => JSON.stringify(keys)),
      changed.map(({ branch }) => !hasEnded(branch)),
      changed.map(({ alarm }) => alarm?.alarm ?? null),
      changed.map(({ alarm }) => alarm?.detail ?? null),
    ]),
  );
}

interface BranchRow {
  readonly order_id: string;
  readonly lane: number;
  readonly state: LocalBranchState['kind'];
  readonly detail: Readonly<Record<string, unknown>>;
  readonly work: unknown;
  readonly cause: Cause;
  readonly keys: readonly string[];
}

const storedBranch = (
  { order_id, lane, state, detail, work, cause, keys }: BranchRow,
  name: string,
): StoredBranch => ({
  branch: { orderId: order_id, name, order: work, state: { kind: state, ...detail } as LocalBranchState },
  lane,
  cause,
  keys,
});

function detailOf(state: LocalBranchState): object {
  const { kind: _, ...detail } = state;
  return detail;
}
