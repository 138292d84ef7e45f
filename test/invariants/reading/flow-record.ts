import type { Protocol } from '@ballast/contracts';
import { isOpen as isUndoOpen, type State as SagaState, stepsOf } from '@ballast/saga';
import * as coordinator from '@ballast/two-phase';
import type { Dossier } from './dossier.js';
import { flow, flows } from './flow.js';

/** What a protocol's own records say of an order, in the same words for all of them. */
export interface FlowRecord {
  readonly is: 'under way' | 'parked' | 'completed' | 'cancelled';
  /** Why it is cancelled; null where the record does not say it. */
  readonly reason: string | null;
  /** What is still to be done, in words. */
  readonly open: readonly string[];
  /** How often each command was sent, by its type; null where nobody counts. */
  readonly sent: ReadonlyMap<string, number> | null;
  /** The types of commands that count as done because an operator said so. */
  readonly byHand: ReadonlySet<string>;
}

type Known = Pick<Dossier, 'order' | 'saga' | 'reactions'>;

/** The order's own word; of an order that does not exist, what its records say. */
export function protocolOf({ order, saga, reactions }: Known): Protocol {
  if (order !== null) return order.protocol;
  if (saga !== null) return definedBy(saga.definition) ?? 'orchestrated';
  return reactions.length > 0 ? 'choreographed' : 'orchestrated';
}

/** Null when there is no such record. */
export function recordOf(protocol: Protocol, { saga, reactions }: Known): FlowRecord | null {
  switch (protocol) {
    case 'orchestrated':
      return saga === null ? null : ofSaga(saga.state as SagaState, saga.running);
    case 'tcc':
    case 'two-phase':
      return saga === null ? null : ofCoordinator(protocol, saga.state as coordinator.State);
    case 'choreographed':
      return ofReactions(reactions);
  }
}

const definedBy = (name: string): Protocol | undefined =>
  name === flow.name
    ? 'orchestrated'
    : (['tcc', 'two-phase'] as const).find(protocol => flows[protocol].name === name);

function ofSaga(state: SagaState, running: boolean): FlowRecord {
  const steps = stepsOf(state);
  const openUndos = steps.filter(({ undo }) => undo !== undefined && isUndoOpen(undo));
  const openDos = steps.filter(({ do: doing, undo }) => undo === undefined && unsettled.has(doing.is));
  const open = [
    ...openUndos.map(({ name, undo }) => `${name} undo ${undo!.is}`),
    ...(running ? openDos.map(({ name, do: doing }) => `${name} ${doing.is}`) : []),
  ];
  const sent = new Map<string, number>();
  const byHand = new Set<string>();
  for (const step of flow.steps) {
    const known = steps.find(({ name }) => name === step.name);
    sent.set(step.do.type, known?.do.attempts ?? 0);
    if (known !== undefined && isByHand(known.do)) byHand.add(step.do.type);
    if (step.kind !== 'undoable') continue;
    sent.set(step.undo.type, known?.undo?.attempts ?? 0);
    if (known?.undo !== undefined && isByHand(known.undo)) byHand.add(step.undo.type);
  }
  const is = ({ completed: 'completed', compensated: 'cancelled', parked: 'parked' } as const)[
    state.kind as 'completed'
  ];
  return {
    is: is ?? 'under way',
    reason: state.kind === 'compensated' ? state.reason : null,
    open: running && open.length === 0 ? [state.kind] : open,
    sent,
    byHand,
  };
}

const isByHand = (state: object): boolean => 'byHand' in state && state.byHand === true;

const unsettled: ReadonlySet<string> = new Set(['sent', 'waiting', 'stuck']);

function ofCoordinator(protocol: 'tcc' | 'two-phase', state: coordinator.State): FlowRecord {
  const active = coordinator.unparked(state);
  const { branches, afterwards } = flows[protocol];
  const sent = new Map<string, number>();
  const byHand = new Set<string>();
  const open: string[] = [];
  const note = (type: string, name: string, ask: coordinator.Vote | coordinator.Asked | undefined) => {
    sent.set(type, ask?.attempts ?? 0);
    if (ask === undefined) return;
    if (coordinator.isOpen(ask)) open.push(`${name} ${ask.is}`);
    if (isByHand(ask)) byHand.add(type);
  };
  for (const branch of branches) {
    const known = active.branches.find(({ name }) => name === branch.name);
    for (const operation of ['prepare', 'commit', 'abort'] as const)
      note(branch[operation].type, `${operation} of ${branch.name}`, known?.[operation]);
  }
  for (const step of afterwards) {
    const known =
      'afterwards' in active ? active.afterwards.find(({ name }) => name === step.name) : undefined;
    note(step.do.type, step.name, known?.do);
  }
  const ended = coordinator.hasEnded(state);
  const is = state.kind === 'committed' ? 'completed' : state.kind === 'aborted' ? 'cancelled' : null;
  return {
    is: is ?? (state.kind === 'parked' ? 'parked' : 'under way'),
    reason: state.kind === 'aborted' ? state.reason : null,
    open: ended || open.length > 0 ? open : [state.kind],
    sent,
    byHand,
  };
}

/** The watcher's row says how it ended; everybody's say what is left to do. */
function ofReactions(rows: Dossier['reactions']): FlowRecord | null {
  const watch = rows.find(({ watch }) => watch !== null)?.watch;
  if (watch == null) return null;
  const open = rows.flatMap(({ participant, open, reactions }) => {
    const left = Object.entries(reactions).filter(([, { is }]) => unfinished.has(is));
    const words = left.map(([command, { is }]) => `${command} ${is}`);
    return open && words.length === 0 ? [`${participant} waits`] : words;
  });
  const parked = rows.some(row => row.parked !== null);
  return {
    is: watch.state === 'running' ? (parked ? 'parked' : 'under way') : watch.state,
    reason: null,
    open,
    sent: null,
    byHand: new Set(),
  };
}

const unfinished: ReadonlySet<string> = new Set(['asked', 'waiting', 'stuck']);
