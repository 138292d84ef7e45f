import type { BarrierRow, Dossier } from '../reading/dossier.js';
import { answerTo, noticeType, roles } from '../reading/flow.js';
import type { MessageRow } from '../reading/topic-log.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads commands and answers on the topics, and the participants' barriers. A command is answered at most once, its
 * operation at least once; every definite answer is what the barrier has kept, and what it keeps was answered.
 */
export const answersAreTheBarriers: Rule = {
  name: 'every command is answered once, as its barrier says',
  of: ['orchestrated', 'tcc', 'two-phase'],
  needs: ['completed', 'undone'],
  order(dossier, notes) {
    for (const [type, { side, barrier }] of operations) {
      const commands = dossier.messages.filter(message => message.type === type);
      const answers = dossier.messages.filter(message => message.type === answerTo(type));
      notes.count('answers', answers.length);
      notes.count(
        'doubles',
        answers.reduce((sum, { copies }) => sum + copies - 1, 0),
      );
      checkCounts(dossier.id, type, commands, answers, notes);
      const row = dossier.barriers.find(({ operation }) => operation === barrier);
      for (const answer of answers) {
        if (answer.outcome !== 'refused' && !explains(row, side, answer.outcome))
          notes.violate(
            dossier.id,
            `${type} was answered as ${answer.outcome}, its barrier is ${shown(row)}`,
          );
      }
      if (side === 'do') checkKept(dossier, type, row, answers, notes);
    }
  },
};

const operations = [
  ...[...roles].map(([type, { side, barrier }]) => [type, { side, barrier }] as const),
  [noticeType, { side: 'do', barrier: noticeType }] as const,
];

function checkCounts(
  id: string,
  type: string,
  commands: readonly MessageRow[],
  answers: readonly MessageRow[],
  notes: Notes,
): void {
  if (commands.length > 0 && answers.length === 0) notes.violate(id, `${type} was never answered`);
  const attempts = new Set([...commands, ...answers].map(({ attempt }) => attempt));
  for (const attempt of attempts) {
    const [asked, answered] = [commands, answers].map(
      messages => messages.filter(message => message.attempt === attempt).length,
    ) as [number, number];
    if (answered > asked)
      notes.violate(
        id,
        `attempt ${attempt ?? 1} of ${type} was sent ${asked} times and answered ${answered} times`,
      );
  }
}

function explains(row: BarrierRow | undefined, side: 'do' | 'undo', outcome: string | null): boolean {
  const state = row?.state;
  if (side === 'undo') return outcome === 'done' && (state === 'undone' || state === 'tombstone');
  if (outcome === 'done') return state === 'undone' || (state === 'answered' && row!.outcome === 'done');
  // An undo that finds a rejected do leaves the tombstone.
  if (outcome === 'rejected')
    return state === 'tombstone' || (state === 'answered' && row!.outcome === 'rejected');
  return outcome === 'aborted' && (state === 'tombstone' || state === 'undone');
}

function checkKept(
  { id }: Dossier,
  type: string,
  row: BarrierRow | undefined,
  answers: readonly MessageRow[],
  notes: Notes,
): void {
  if (row?.state === 'answered' && !answers.some(({ outcome }) => outcome === row.outcome))
    notes.violate(id, `${type} is ${shown(row)}, and nobody was told`);
  const definite = new Set(answers.map(({ outcome }) => outcome).filter(outcome => outcome !== 'refused'));
  if (definite.has('done') && definite.has('rejected'))
    notes.violate(id, `${type} was answered as done and as rejected`);
}

const shown = (row: BarrierRow | undefined): string =>
  row === undefined ? 'absent' : row.state === 'answered' ? `answered as ${row.outcome}` : row.state;
