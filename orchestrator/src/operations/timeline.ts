import type { OperatorActionView, SagaDetails, SagaSummary, TimelineEntry } from '@ballast/contracts';
import { actionView, type StoredAction } from '@ballast/messaging';
import { type Happening, happeningsOf, stepsOf } from '@ballast/saga';
import { statusOf, viewOf, waitsOf } from '../api/saga-view.js';
import type { Flow } from '../sagas/flow.js';
import { isCoordinatedState, reasonOf } from '../storage/instance.js';
import type { FoundSaga, SagaRecord } from '../storage/saga-reader.js';
import { aboutOf } from '../two-phase/history.js';

/** A saga with all that happened to it, in the order in which it was committed; what is still asked for comes last. */
export function detailsOf(
  record: SagaRecord,
  flow: Flow | undefined,
  actions: readonly StoredAction[],
): SagaDetails {
  const byId = new Map(actions.map(action => [action.id, actionView(action)]));
  const happened = happeningsOf(record.history).map(happening =>
    entryOf(happening, aboutStep(happening, record, flow), byId),
  );
  const seen = new Set(happened.map(({ action }) => action?.id));
  const others = [...byId.values()].filter(({ id }) => !seen.has(id));
  return {
    ...viewOf(record, flow),
    timeline: [...happened, ...others.map(operatorEntry)].map((entry, seq) => ({ seq, ...entry })),
  };
}

export function summaryOf(saga: FoundSaga, flow: Flow | undefined): SagaSummary {
  return {
    id: saga.orderId,
    protocol: flow?.protocol ?? null,
    definition: saga.definition,
    version: saga.version,
    state: statusOf(saga.state),
    reason: reasonOf(saga.state),
    waitingFor: waitsOf(saga.state),
    startedAt: saga.startedAt.toISOString(),
    endedAt: saga.endedAt?.toISOString() ?? null,
    parkedAt: saga.parkedAt?.toISOString() ?? null,
  };
}

type Entry = Omit<TimelineEntry, 'seq'>;

function entryOf(
  happening: Happening,
  { what, step, operation }: Pick<Entry, 'what' | 'step' | 'operation'>,
  actions: ReadonlyMap<string, OperatorActionView>,
): Entry {
  const { at, kind, attempt, note } = happening;
  const isOfStep = step !== null;
  return {
    at: new Date(at).toISOString(),
    what,
    step,
    operation,
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
function aboutStep(happening: Happening, { state }: SagaRecord, flow: Flow | undefined) {
  const { step: index, operation, kind: what } = happening;
  if (isCoordinatedState(state)) return aboutOf(happening, flow ?? { steps: [], branches: [] });
  if (index === null) return { what, step: null, operation: null };
  return { what, step: stepsOf(state)[index]?.name ?? flow?.steps[index] ?? `step ${index + 1}`, operation };
}
