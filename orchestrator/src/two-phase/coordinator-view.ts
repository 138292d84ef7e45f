import type { SagaStatus, SagaView } from '@ballast/contracts';
import { type BranchState, isOpen, type StepState, unparked } from '@ballast/two-phase';
import type { CoordinatedState } from '../storage/instance.js';

type StepView = SagaView['steps'][number];

/** A coordinator's state in the words of sagas: whoever looks for what is stuck need not know the protocol. */
export const coordinatorStatus: Readonly<Record<CoordinatedState['kind'], SagaStatus>> = {
  preparing: 'running',
  committing: 'running',
  aborting: 'compensating',
  parked: 'parked',
  committed: 'completed',
  aborted: 'compensated',
};

/** Its branches, and what follows on the commit as far as it has begun. */
export function coordinatorSteps(state: CoordinatedState): StepView[] {
  const active = unparked(state);
  const afterwards = 'afterwards' in active ? active.afterwards : [];
  return [...active.branches.map(branchView), ...afterwards.map(stepView)];
}

/** What has no definite answer: `commit of payment`, `complete order`. */
export function coordinatorWaits(state: CoordinatedState): string[] {
  const active = unparked(state);
  const branches = active.branches.flatMap(branch =>
    (['prepare', 'commit', 'abort'] as const).flatMap(operation => {
      const ask = branch[operation];
      return ask !== undefined && isOpen(ask) ? [`${operation} of ${branch.name}`] : [];
    }),
  );
  const afterwards = 'afterwards' in active ? active.afterwards : [];
  return [...branches, ...afterwards.flatMap(({ name, do: ask }) => (isOpen(ask) ? [name] : []))];
}

function branchView({ name, prepare, commit, abort }: BranchState): StepView {
  const decided = commit ?? abort;
  if (decided === undefined) {
    const votes = { yes: 'prepared', no: 'refused', unknown: 'unknown' } as const;
    const state = isOpen(prepare) ? `prepare ${prepare.is}` : votes[prepare.is];
    return { name, state, attempts: prepare.attempts, undone: false };
  }
  const operation = commit === undefined ? 'abort' : 'commit';
  const done = commit === undefined ? 'aborted' : 'committed';
  const state = decided.is === 'done' ? byHand(done, decided) : `${operation} ${decided.is}`;
  return { name, state, attempts: decided.attempts, undone: abort?.is === 'done' };
}

function stepView({ name, do: doing }: StepState): StepView {
  const state = doing.is === 'done' ? byHand('done', doing) : doing.is;
  return { name, state, attempts: doing.attempts, undone: false };
}

const byHand = (done: string, { byHand }: { byHand?: true }): string => (byHand ? `${done} by hand` : done);
