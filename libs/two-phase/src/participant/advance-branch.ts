import type { Answer } from '@ballast/contracts';
import {
  type BranchAdvanced,
  type BranchAlarm,
  type BranchEffect,
  type BranchEvent,
  type BranchPatience,
  defaultBranchPatience,
  type LocalBranch,
  type LocalBranchState,
  type Named,
} from './branch.js';

/** Pure: the same branch, event and time always give the same answer. */
export function advanceBranch(
  branch: LocalBranch | null,
  about: Named,
  event: BranchEvent,
  now: number,
  patience: BranchPatience = defaultBranchPatience,
): BranchAdvanced {
  switch (event.kind) {
    case 'prepare':
      return prepare(branch, about, event, now);
    case 'commit':
      return commit(branch, event.attempt);
    case 'abort':
      return abort(branch, about, event.attempt);
    case 'prepared':
      return branch?.state.kind === 'registered'
        ? prepared(branch, branch.state.attempt, now + patience.askAfterMs)
        : // The rollback has come meanwhile, and finds it.
          { branch, effects: [] };
    case 'refused':
      return refused(branch, event);
    case 'failed':
      return failed(branch, event.code);
    case 'ended':
      return ended(branch, event);
    case 'looked':
      return looked(branch, about, event.listed, now, patience);
    case 'overruled':
      return overruled(branch, event.outcome);
    case 'timer': {
      if (branch?.state.kind !== 'prepared' || branch.state.askAt > now) return { branch, effects: [] };
      const { asked } = branch.state;
      const state = { kind: 'prepared', askAt: now + patience.askAgainMs, asked: asked + 1 } as const;
      return { branch: { ...branch, state }, effects: [{ kind: 'ask' }] };
    }
  }
}

function prepare(
  branch: LocalBranch | null,
  { orderId, name }: Named,
  { attempt, order, deadlineAt }: BranchEvent & { kind: 'prepare' },
  now: number,
): BranchAdvanced {
  const answer = (given: Answer): BranchAdvanced => ({
    branch,
    effects: [answerTo('prepare', attempt, given)],
  });
  switch (branch?.state.kind) {
    case undefined: {
      if (deadlineAt !== null && now >= deadlineAt) {
        const state = { kind: 'rolled-back', code: 'DEADLINE' } as const;
        return {
          branch: { orderId, name, order: null, state },
          effects: [answerTo('prepare', attempt, no('DEADLINE'))],
        };
      }
      return {
        branch: { orderId, name, order, state: { kind: 'registered', attempt } },
        effects: [{ kind: 'do', order }],
      };
    }
    case 'registered':
      return { branch: { ...branch!, state: { kind: 'registered', attempt } }, effects: [] };
    case 'prepared':
    case 'committing':
    case 'committed':
      return answer(yes);
    case 'rolling-back': {
      const { state } = branch as LocalBranch & { state: { kind: 'rolling-back' } };
      if (state.no === null) return answer({ outcome: 'aborted' });
      return { branch: { ...branch!, state: { ...state, no: { ...state.no, attempt } } }, effects: [] };
    }
    case 'rolled-back': {
      const { code } = branch!.state as LocalBranchState & { kind: 'rolled-back' };
      return answer(code === null ? { outcome: 'aborted' } : no(code));
    }
  }
}

function commit(branch: LocalBranch | null, attempt: number): BranchAdvanced {
  switch (branch?.state.kind) {
    case 'prepared':
    case 'committing':
      return {
        branch: { ...branch, state: { kind: 'committing', attempt } },
        effects: branch.state.kind === 'prepared' ? [{ kind: 'end', outcome: 'commit' }] : [],
      };
    case 'committed':
      return { branch, effects: [answerTo('commit', attempt, yes)] };
    case undefined:
    case 'registered':
      return contradicted(branch, 'commit', attempt, 'COMMITTED_WITHOUT_VOTE', 'NOT_PREPARED');
    case 'rolling-back':
    case 'rolled-back':
      return contradicted(branch, 'commit', attempt, 'DECISION_CONTRADICTED', 'ROLLED_BACK');
  }
}

function abort(branch: LocalBranch | null, { orderId, name }: Named, attempt: number): BranchAdvanced {
  switch (branch?.state.kind) {
    case undefined: {
      // Blocks a prepare that is still on its way.
      const state = { kind: 'rolled-back', code: null } as const;
      return { branch: { orderId, name, order: null, state }, effects: [answerTo('abort', attempt, yes)] };
    }
    case 'registered':
    case 'prepared':
      return {
        branch: { ...branch!, state: { kind: 'rolling-back', attempt, no: null } },
        effects: [{ kind: 'end', outcome: 'rollback' }],
      };
    case 'rolling-back': {
      const { state } = branch as LocalBranch & { state: { kind: 'rolling-back' } };
      return { branch: { ...branch!, state: { ...state, attempt } }, effects: [] };
    }
    case 'rolled-back':
      return { branch, effects: [answerTo('abort', attempt, yes)] };
    case 'committing':
    case 'committed':
      return contradicted(branch!, 'abort', attempt, 'DECISION_CONTRADICTED', 'COMMITTED');
  }
}

function prepared(branch: LocalBranch, attempt: number, askAt: number): BranchAdvanced {
  const state = { kind: 'prepared', askAt, asked: 0 } as const;
  return { branch: { ...branch, state }, effects: [answerTo('prepare', attempt, yes)] };
}

function refused(
  branch: LocalBranch | null,
  { code, detail }: BranchEvent & { kind: 'refused' },
): BranchAdvanced {
  if (branch?.state.kind !== 'registered') return { branch, effects: [] };
  const state = { kind: 'rolled-back', code } as const;
  const answer = answerTo('prepare', branch.state.attempt, no(code, detail));
  return { branch: { ...branch, state }, effects: [answer] };
}

/** A no is said only when nothing is prepared any more: it would be a promise to nobody. */
function failed(branch: LocalBranch | null, code: string): BranchAdvanced {
  if (branch?.state.kind !== 'registered') return { branch, effects: [] };
  const state = {
    kind: 'rolling-back',
    attempt: null,
    no: { attempt: branch.state.attempt, code },
  } as const;
  return { branch: { ...branch, state }, effects: [{ kind: 'end', outcome: 'rollback' }] };
}

function ended(
  branch: LocalBranch | null,
  { found, marker }: BranchEvent & { kind: 'ended' },
): BranchAdvanced {
  if (branch?.state.kind === 'committing') {
    const { attempt } = branch.state;
    // "Does not exist" is done only if the marker says so: otherwise somebody has rolled it back.
    if (!found && marker !== 'committed')
      return contradicted(branch, 'commit', attempt, 'DECISION_CONTRADICTED', 'ROLLED_BACK');
    return {
      branch: { ...branch, state: { kind: 'committed' } },
      effects: attempt === null ? [] : [answerTo('commit', attempt, yes)],
    };
  }
  if (branch?.state.kind !== 'rolling-back') return { branch, effects: [] };
  const { attempt, no: own } = branch.state;
  if (!found && marker === 'committed')
    return contradicted(branch, 'abort', attempt, 'DECISION_CONTRADICTED', 'COMMITTED');
  const state = { kind: 'rolled-back', code: own?.code ?? null } as const;
  const effects: BranchEffect[] = [];
  if (own !== null) effects.push(answerTo('prepare', own.attempt, no(own.code)));
  if (attempt !== null) effects.push(answerTo('abort', attempt, yes));
  return { branch: { ...branch, state }, effects };
}

/** What was begun goes on from what the database shows. */
function looked(
  branch: LocalBranch | null,
  { orderId, name }: Named,
  listed: boolean,
  now: number,
  patience: BranchPatience,
): BranchAdvanced {
  switch (branch?.state.kind) {
    case undefined: {
      if (!listed) return { branch, effects: [] };
      const state = { kind: 'prepared', askAt: now + patience.askAgainMs, asked: 1 } as const;
      const detail = 'a prepared transaction is there, and no branch of it';
      const alarm = { kind: 'alarm', alarm: 'PREPARED_BUT_UNREGISTERED', detail } as const;
      return { branch: { orderId, name, order: null, state }, effects: [alarm, { kind: 'ask' }] };
    }
    case 'registered': {
      const { attempt } = branch!.state as LocalBranchState & { kind: 'registered' };
      return listed
        ? prepared(branch!, attempt, now + patience.askAfterMs)
        : { branch, effects: [{ kind: 'do', order: branch!.order }] };
    }
    case 'prepared':
      return { branch, effects: [{ kind: 'ask' }] };
    case 'committing':
      return { branch, effects: [{ kind: 'end', outcome: 'commit' }] };
    case 'rolling-back':
      return { branch, effects: [{ kind: 'end', outcome: 'rollback' }] };
    case 'committed':
    case 'rolled-back': {
      if (!listed) return { branch, effects: [] };
      const detail = `a prepared transaction is there, though the branch is ${branch!.state.kind}`;
      const alarm = { kind: 'alarm', alarm: 'PREPARED_BUT_UNREGISTERED', detail } as const;
      // Whatever it is, it came after the decision to do nothing.
      const undone = { kind: 'end', outcome: 'rollback' } as const;
      return { branch, effects: branch!.state.kind === 'rolled-back' ? [alarm, undone] : [alarm] };
    }
  }
}

/** Once the branch is not in doubt (any more) there is nothing to overrule. */
function overruled(branch: LocalBranch | null, outcome: 'commit' | 'rollback'): BranchAdvanced {
  if (branch?.state.kind !== 'prepared') return { branch, effects: [] };
  const state: LocalBranchState =
    outcome === 'commit'
      ? { kind: 'committing', attempt: null }
      : { kind: 'rolling-back', attempt: null, no: null };
  return { branch: { ...branch, state }, effects: [{ kind: 'end', outcome }] };
}

/** The coordinator, if it waits for an answer, is told "not now": it parks, and an operator looks at both. */
function contradicted(
  branch: LocalBranch | null,
  operation: 'commit' | 'abort',
  attempt: number | null,
  alarm: BranchAlarm,
  code: string,
): BranchAdvanced {
  const detail = `told to ${operation}, but the branch is ${branch?.state.kind ?? 'unknown'}`;
  const raised = { kind: 'alarm', alarm, detail } as const;
  const answer = attempt === null ? [] : [answerTo(operation, attempt, { outcome: 'refused', code })];
  return { branch, effects: [raised, ...answer] };
}

const yes: Answer = { outcome: 'done', reply: {} };
const no = (code: string, detail?: string): Answer => ({
  outcome: 'rejected',
  code,
  ...(detail && { detail }),
});

const answerTo = (
  operation: 'prepare' | 'commit' | 'abort',
  attempt: number,
  answer: Answer,
): BranchEffect => ({ kind: 'answer', operation, attempt, answer });
