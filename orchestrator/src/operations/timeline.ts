import type { OperatorActionView, SagaDetails, SagaSummary, TimelineEntry } from '@ballast/contracts';
import { actionView, type StoredAction } from '@ballast/messaging';
import { type Definition, type Happening, happeningsOf, isOpen, reasonOf, stepsOf } from '@ballast/saga';
import { viewOf } from '../api/saga-view.js';
import type { FoundSaga, SagaRecord } from '../storage/saga-reader.js';

/** A saga with all that happened to it, in the order in which it was committed; what is still asked for comes last. */
export function detailsOf(
  record: SagaRecord,
  definition: Definition | undefined,
  actions: readonly StoredAction[],
): SagaDetails {
  const byId = new Map(actions.map(action => [action.id, actionView(action)]));
  const happened = happeningsOf(record.history).map(happening =>
    entryOf(happening, nameOf(happening.step, record, definition), byId),
  );
  const seen = new Set(happened.map(({ action }) => action?.id));
  const others = [...byId.values()].filter(({ id }) => !seen.has(id));
  return {
    ...viewOf(record, definition),
    timeline: [...happened, ...others.map(operatorEntry)].map((entry, seq) => ({ seq, ...entry })),
  };
}

export function summaryOf(saga: FoundSaga): SagaSummary {
  const waitingFor = stepsOf(saga.state).flatMap(({ name, do: doing, undo }) => {
    if (undo !== undefined && isOpen(undo)) return [`undo of ${name}`];
    return isOpen(doing) ? [name] : [];
  });
  return {
    id: saga.orderId,
    definition: saga.definition,
    version: saga.version,
    state: saga.state.kind,
    reason: reasonOf(saga.state),
    waitingFor,
    startedAt: saga.startedAt.toISOString(),
    endedAt: saga.endedAt?.toISOString() ?? null,
    parkedAt: saga.parkedAt?.toISOString() ?? null,
  };
}

type Entry = Omit<TimelineEntry, 'seq'>;

function entryOf(
  happening: Happening,
  step: string | null,
  actions: ReadonlyMap<string, OperatorActionView>,
): Entry {
  const { at, kind, operation, attempt, note } = happening;
  const isOfStep = step !== null;
  return {
    at: new Date(at).toISOString(),
    what: kind,
    step,
    operation: isOfStep ? operation : null,
    attempt: isOfStep && countsAttempts.has(kind) ? attempt : null,
    reason: kind === 'operator' ? null : note,
    action: (kind === 'operator' && note !== null && actions.get(note)) || null,
  };
}

const countsAttempts = new Set<Happening['kind']>(['sent', 'timed out', 'refused']);

/** An action that is not in the history: not handled yet, or handled when there was no saga. */
const operatorEntry = (action: OperatorActionView): Entry => ({
  at: action.handledAt ?? action.askedAt,
  what: 'operator',
  step: null,
  operation: null,
  attempt: null,
  reason: null,
  action,
});

/** Steps begin in the definition's order, so that those that have begun have the same positions in both. */
const nameOf = (index: number | null, { state }: SagaRecord, definition: Definition | undefined) =>
  index === null
    ? null
    : (stepsOf(state)[index]?.name ?? definition?.steps[index]?.name ?? `step ${index + 1}`);
