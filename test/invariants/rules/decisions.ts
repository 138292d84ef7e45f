import { type BranchAlarm, decisionOf, hasEnded, type State, unparked } from '@ballast/two-phase';
import type { Dossier } from '../reading/dossier.js';
import { protocolOf } from '../reading/flow-record.js';
import { answerTo, flows } from '../reading/flow.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the coordinators of TCC and two-phase commit, their commands and answers on the topics, and the participants'
 * branches and what their transactions have left behind. A decision to commit follows on the yes of everybody; nobody is
 * told both, and nobody did otherwise than it was decided. What no end can change any more is looked at before it, too:
 * an order whose participants have decided differently is parked, and never ends.
 */
export const decisionsAreOne: Rule = {
  name: 'what was decided was decided once, and done by everybody',
  of: ['tcc', 'two-phase'],
  needs: ['completed', 'cancelled'],
  seesUnended: true,
  order(dossier, notes) {
    checkOutcomes(dossier, notes);
    checkDecisions(dossier, notes);
    checkAlarms(dossier, notes);
    if (dossier.progress === 'ended') checkEnd(dossier, notes);
  },
};

/** A decision that is on record, a branch that has ended and a marker stay as they are. */
function checkOutcomes({ id, saga, branches }: Dossier, notes: Notes): void {
  const decision = saga === null ? null : decisionOf(saga.state as State);
  const those = (state: string, marker: string, decided: string) => [
    ...branches
      .filter(branch => branch.state === state || branch.marker === marker)
      .map(({ participant }) => participant),
    ...(decision === decided ? ['the coordinator'] : []),
  ];
  const committed = those('committed', 'committed', 'commit');
  const rolledBack = those('rolled-back', 'blocked', 'abort');
  if (committed.length > 0 && rolledBack.length > 0)
    notes.violate(id, `committed by ${committed.join(', ')}, and rolled back by ${rolledBack.join(', ')}`);
}

/** What was sent was decided before. */
function checkDecisions(dossier: Dossier, notes: Notes): void {
  const { branches } = flows[protocolOf(dossier) as 'tcc' | 'two-phase'];
  const types = new Set(dossier.messages.map(({ type }) => type));
  const sent = (operation: 'commit' | 'abort') =>
    branches.map(branch => branch[operation].type).filter(type => types.has(type));
  const [commits, aborts] = [sent('commit'), sent('abort')];
  if (commits.length > 0 && aborts.length > 0)
    notes.violate(dossier.id, `${commits.join(', ')} was sent, and so was ${aborts.join(', ')}`);
}

/** Before the end, a branch that nobody had registered may still be told what everybody is. */
function checkAlarms({ id, progress, branches }: Dossier, notes: Notes): void {
  for (const { participant, alarm } of branches)
    if (alarm !== null && (progress === 'ended' || contradictions.has(alarm)))
      notes.violate(id, `${participant}: ${alarm}`);
}

const contradictions: ReadonlySet<string> = new Set<BranchAlarm>([
  'DECISION_CONTRADICTED',
  'COMMITTED_WITHOUT_VOTE',
]);

function checkEnd(dossier: Dossier, notes: Notes): void {
  const { id, saga } = dossier;
  if (saga === null) return;
  const state = saga.state as State;
  if (!hasEnded(state)) return notes.violate(id, `it has ended, and its coordinator is ${state.kind}`);
  notes.count(state.kind);
  checkTold(dossier, state.kind, notes);
  for (const branch of unparked(state).branches) {
    const end = state.kind === 'committed' ? branch.commit : branch.abort;
    if (state.kind === 'committed' && branch.prepare.is !== 'yes')
      notes.violate(id, `it is committed, and ${branch.name} said ${branch.prepare.is}`);
    if (state.kind === 'committed' && end?.is !== 'done')
      notes.violate(id, `it is committed, and ${branch.name} is ${end?.is ?? 'not told'}`);
  }
  for (const branch of dossier.branches) checkBranch(branch, id, state.kind, notes);
}

function checkTold(dossier: Dossier, decided: 'committed' | 'aborted', notes: Notes): void {
  const { branches } = flows[protocolOf(dossier) as 'tcc' | 'two-phase'];
  const types = new Set(dossier.messages.map(({ type }) => type));
  const done = new Set(dossier.messages.filter(({ outcome }) => outcome === 'done').map(({ type }) => type));
  for (const { name, prepare, commit, abort } of branches) {
    const wrong = decided === 'committed' ? abort : commit;
    if (types.has(wrong.type))
      notes.violate(dossier.id, `it is ${decided}, and ${name} was sent ${wrong.type}`);
    if (types.has(commit.type) && !done.has(answerTo(prepare.type)))
      notes.violate(dossier.id, `${name} was told to commit, and never said yes`);
  }
}

function checkBranch(
  { participant, state, marker }: Dossier['branches'][number],
  id: string,
  decided: 'committed' | 'aborted',
  notes: Notes,
): void {
  notes.count('branches');
  const right = decided === 'committed' ? 'committed' : 'rolled-back';
  if (state !== right) notes.violate(id, `it is ${decided}, and the branch of ${participant} is ${state}`);
  if ((marker === 'committed') !== (decided === 'committed'))
    notes.violate(
      id,
      `it is ${decided}, and the transaction of ${participant} was ${marker ?? 'rolled back'}`,
    );
}
