import type { Answer } from '@ballast/contracts';
import type { Draft } from './draft.js';
import type { Event } from './event.js';
import { type BranchState, decisionOf, isOpen, type Vote } from './instance.js';
import { abort, fail, sendFirst } from './moves.js';

type Answered = Event & { kind: 'answered' };
type Definite = Exclude<Answer, { outcome: 'refused' }>;

/** What a vote of "aborted" counts as: it came too late, after its deadline or after the abort. */
const refusedForGood = 'DEADLINE';

/** An answer to one attempt of anything that was sent. */
export function answered(draft: Draft, event: Answered): void {
  const { part, operation } = event;
  const ask = draft.ask(part, operation);
  if (ask === undefined) {
    // Whoever asks is told to abort, also who said no, or was never asked for anything.
    if (operation === 'abort' && decisionOf(draft.instance.state) === 'abort') return;
    return draft.alarm(
      'ANSWER_TO_NOTHING',
      part,
      `the ${operation} of "${part}" was answered, but never sent`,
    );
  }
  const answer = operation === 'prepare' ? event.answer : asRefusal(event.answer);
  if (answer.outcome === 'refused') {
    // Transient: counts only for the attempt that is waited for.
    if (ask.is === 'sent' && ask.attempts === event.attempt) fail(draft, part, operation, answer.code);
  } else if (operation === 'prepare') {
    voted(draft, draft.branch(part)!, answer);
  } else if (isOpen(ask)) {
    draft.set(part, operation, { is: 'done', attempts: ask.attempts });
  }
}

/** What is decided is carried out: there is success, and "not now". */
function asRefusal(answer: Answer): Answer {
  if (answer.outcome === 'rejected') return { outcome: 'refused', code: answer.code };
  return answer.outcome === 'aborted' ? { outcome: 'refused', code: 'ABORTED' } : answer;
}

/** The first definite vote counts, whichever attempt it answers. */
function voted(draft: Draft, branch: BranchState, answer: Definite): void {
  const { name, prepare } = branch;
  const vote = voteOf(answer, prepare.attempts);
  if (prepare.is === 'yes' || prepare.is === 'no') return votedAgain(draft, branch, vote);
  draft.set(name, 'prepare', vote);
  if (draft.kind === 'preparing' && vote.is === 'no') abort(draft, vote.code);
}

function votedAgain(draft: Draft, { name, prepare: first, abort: told }: BranchState, second: Vote): void {
  // Once it was told to abort, a prepare that is on its way is refused, whatever an earlier attempt was answered.
  if (told !== undefined && second.is === 'no') return;
  // Answers may overtake each other: a yes of an earlier attempt is from before the abort, which has undone it.
  if (told !== undefined && first.is === 'no' && first.code === refusedForGood) return;
  if (first.is === second.is && (first as { code?: string }).code === (second as { code?: string }).code)
    return;
  draft.alarm('CONTRADICTING_ANSWERS', name, `voted first ${first.is}, then ${second.is}`);
  // It says that it has prepared after all, and nobody has told it to abort.
  if (second.is === 'yes' && draft.kind === 'aborting' && told === undefined) sendFirst(draft, name, 'abort');
  if (second.is === 'yes' && draft.kind === 'aborted') draft.send(name, 'abort', (told?.attempts ?? 0) + 1);
}

function voteOf(answer: Definite, attempts: number): Vote {
  switch (answer.outcome) {
    case 'done':
      return { is: 'yes', attempts, reply: answer.reply };
    case 'aborted':
      return { is: 'no', attempts, code: refusedForGood };
    case 'rejected':
      return { is: 'no', attempts, code: answer.code, ...(answer.detail && { detail: answer.detail }) };
  }
}
