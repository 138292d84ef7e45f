import { hasEnded, type State, unparked } from '@ballast/two-phase';
import type { Dossier } from '../reading/dossier.js';
import { protocolOf } from '../reading/flow-record.js';
import { answerTo, flows } from '../reading/flow.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the coordinators of TCC and two-phase commit, their commands and answers on the topics, and the participants'
 * branches and what their transactions have left behind. A decision to commit follows on the yes of everybody; nobody is
 * told both, and nobody did otherwise than it was decided.
 */
export const decisionsAreOne: Rule = {
  name: 'what was decided was decided once, and done by everybody',
  of: ['tcc', 'two-phase'],
  needs: ['completed', 'cancelled'],
  order(dossier, notes) {
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
  },
};

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
  { participant, state, alarm, marker }: Dossier['branches'][number],
  id: string,
  decided: 'committed' | 'aborted',
  notes: Notes,
): void {
  notes.count('branches');
  const right = decided === 'committed' ? 'committed' : 'rolled-back';
  if (state !== right) notes.violate(id, `it is ${decided}, and the branch of ${participant} is ${state}`);
  if (alarm !== null) notes.violate(id, `${participant}: ${alarm}`);
  if ((marker === 'committed') !== (decided === 'committed'))
    notes.violate(
      id,
      `it is ${decided}, and the transaction of ${participant} was ${marker ?? 'rolled back'}`,
    );
}
