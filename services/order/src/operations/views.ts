import { type Choreography, waitsFor } from '@ballast/choreography';
import type {
  ChoreographedDetails,
  ChoreographedEntry,
  ChoreographedSummary,
  OperatorActionView,
} from '@ballast/contracts';
import { actionView, type Happened, type StoredAction } from '@ballast/messaging';
import type { FoundOrder } from '../storage/choreographed-reader.js';

export function summaryOf(order: FoundOrder, choreography: Choreography): ChoreographedSummary {
  const { progress, begunAt, changedAt, parked, parkedAt } = order;
  const { id, version, deadlineAt, watch } = progress;
  return {
    id,
    choreography: progress.choreography,
    version,
    state: parked !== null ? 'parked' : (watch?.state ?? 'running'),
    reason: parked,
    requested: watch?.requested ?? null,
    // Another version may wait for something else.
    waitingFor: version === choreography.version ? [...waitsFor(choreography, progress)] : [],
    begunAt: begunAt.toISOString(),
    changedAt: changedAt.toISOString(),
    deadlineAt: deadlineAt === null ? null : new Date(deadlineAt).toISOString(),
    parkedAt: parkedAt?.toISOString() ?? null,
  };
}

/** An order with all that was heard of it, in the order in which it was committed; what is still asked for comes last. */
export function detailsOf(
  order: FoundOrder,
  choreography: Choreography,
  actions: readonly StoredAction[],
): ChoreographedDetails {
  const byId = new Map(actions.map(action => [action.id, actionView(action)]));
  const told = order.history.map(happened => entryOf(happened, byId));
  const seen = new Set(told.map(({ action }) => action?.id));
  const others = [...byId.values()].filter(({ id }) => !seen.has(id)).map(actionEntry);
  const timeline = [...told, ...others].map((entry, seq) => ({ seq, ...entry }));
  return { ...summaryOf(order, choreography), timeline };
}

type Entry = Omit<ChoreographedEntry, 'seq'>;

function entryOf({ at, what, of, why }: Happened, actions: ReadonlyMap<string, OperatorActionView>): Entry {
  const action = what === 'operator' ? (actions.get(of) ?? null) : null;
  const type = what === 'operator' || of === '' ? null : of;
  return { at: new Date(at).toISOString(), what, type, reason: why ?? null, action };
}

/** Not handled yet, or handled when nothing was known of the order. */
const actionEntry = (action: OperatorActionView): Entry => ({
  at: action.handledAt ?? action.askedAt,
  what: 'operator',
  type: null,
  reason: null,
  action,
});
