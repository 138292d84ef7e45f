import { describe, expect, test } from 'vitest';
import { advanceBranch } from './advance-branch.js';
import { type BranchEvent, gidOf, type LocalBranch, nextBranchDue, orderOfGid } from './branch.js';

const about = { orderId: 'an-order', name: 'inventory' };
const order = { lines: 2 };
const asked = (attempt = 1, deadlineAt: number | null = null): BranchEvent => ({
  kind: 'prepare',
  attempt,
  order,
  deadlineAt,
});
const commit = (attempt = 1): BranchEvent => ({ kind: 'commit', attempt });
const abort = (attempt = 1): BranchEvent => ({ kind: 'abort', attempt });
const isPrepared: BranchEvent = { kind: 'prepared' };
const ended = (found: boolean, marker: 'committed' | 'blocked' | 'absent' = 'absent'): BranchEvent => ({
  kind: 'ended',
  found,
  marker,
});

/** What comes of these events, one after the other: the state, and what the last of them has for effects. */
function after(...events: BranchEvent[]) {
  let branch: LocalBranch | null = null;
  let effects: readonly { kind: string }[] = [];
  for (const event of events) {
    ({ branch, effects } = advanceBranch(branch, about, event, 1_000));
    branch = JSON.parse(JSON.stringify(branch)) as LocalBranch | null;
  }
  return { branch, state: branch?.state.kind ?? null, effects };
}

const yes = { outcome: 'done', reply: {} };
const answer = (operation: string, given: object, attempt = 1) => ({
  kind: 'answer',
  operation,
  attempt,
  answer: given,
});

describe('the vote', () => {
  test('the branch is registered before its work is prepared', () => {
    expect(after(asked())).toMatchObject({ state: 'registered', effects: [{ kind: 'do', order }] });
  });

  test('yes is said when it is prepared, to the newest attempt', () => {
    expect(after(asked(1), asked(2), isPrepared)).toMatchObject({
      state: 'prepared',
      effects: [answer('prepare', yes, 2)],
    });
  });

  test('a second attempt while the work is being done does not do it twice', () => {
    expect(after(asked(1), asked(2)).effects).toEqual([]);
  });

  test('what the domain refuses was never prepared: no is said at once', () => {
    const no = { outcome: 'rejected', code: 'OUT_OF_STOCK', detail: '1 of 2' };
    expect(after(asked(), { kind: 'refused', code: 'OUT_OF_STOCK', detail: '1 of 2' })).toMatchObject({
      state: 'rolled-back',
      effects: [answer('prepare', no)],
    });
  });

  test('when it is not known whether it was prepared, no follows its rollback', () => {
    const failed = after(asked(), { kind: 'failed', code: 'TIMEOUT' });
    expect(failed).toMatchObject({ state: 'rolling-back', effects: [{ kind: 'end', outcome: 'rollback' }] });
    expect(after(asked(), { kind: 'failed', code: 'TIMEOUT' }, ended(true))).toMatchObject({
      state: 'rolled-back',
      effects: [answer('prepare', { outcome: 'rejected', code: 'TIMEOUT' })],
    });
  });

  test('the same vote is given to every attempt', () => {
    expect(after(asked(), isPrepared, asked(2)).effects).toEqual([answer('prepare', yes, 2)]);
    expect(after(asked(), { kind: 'refused', code: 'NO_CAPACITY' }, asked(2)).effects).toEqual([
      answer('prepare', { outcome: 'rejected', code: 'NO_CAPACITY' }, 2),
    ]);
  });

  test('past the deadline nothing is prepared', () => {
    const no = answer('prepare', { outcome: 'rejected', code: 'DEADLINE' });
    expect(after(asked(1, 1_000))).toMatchObject({ state: 'rolled-back', effects: [no] });
  });
});

describe('the decision', () => {
  test('a commit is answered when it is done', () => {
    expect(after(asked(), isPrepared, commit()).effects).toEqual([{ kind: 'end', outcome: 'commit' }]);
    expect(after(asked(), isPrepared, commit(), commit(2), ended(true))).toMatchObject({
      state: 'committed',
      effects: [answer('commit', yes, 2)],
    });
  });

  test('a rollback that comes before the prepare blocks it', () => {
    expect(after(abort())).toMatchObject({ state: 'rolled-back', effects: [answer('abort', yes)] });
    expect(after(abort(), asked()).effects).toEqual([answer('prepare', { outcome: 'aborted' })]);
  });

  test('a rollback that comes while the work is being done finds it, or blocks it', () => {
    expect(after(asked(), abort()).effects).toEqual([{ kind: 'end', outcome: 'rollback' }]);
    expect(after(asked(), abort(), isPrepared).effects).toEqual([]);
    expect(after(asked(), abort(), ended(false, 'blocked'))).toMatchObject({
      state: 'rolled-back',
      effects: [answer('abort', yes)],
    });
  });

  test('our no and the rollback that meets it are both answered', () => {
    expect(after(asked(), { kind: 'failed', code: 'TIMEOUT' }, abort(), ended(false)).effects).toEqual([
      answer('prepare', { outcome: 'rejected', code: 'TIMEOUT' }),
      answer('abort', yes),
    ]);
  });

  test('it is repeated for every further message', () => {
    expect(after(asked(), isPrepared, commit(), ended(true), commit(2)).effects).toEqual([
      answer('commit', yes, 2),
    ]);
    expect(after(abort(), abort(2)).effects).toEqual([answer('abort', yes, 2)]);
  });
});

describe('phase two finds nothing', () => {
  test('it is done if the marker says so', () => {
    expect(after(asked(), isPrepared, commit(), ended(false, 'committed')).state).toBe('committed');
    expect(after(asked(), isPrepared, abort(), ended(false, 'absent')).state).toBe('rolled-back');
  });

  test.each([
    ['a commit without the marker', commit(), ended(false, 'absent'), 'commit'],
    ['a rollback with it', abort(), ended(false, 'committed'), 'abort'],
  ])('otherwise two have decided differently: %s is an alarm', (_, told, result, operation) => {
    const { state, effects } = after(asked(), isPrepared, told, result);
    expect(state).toMatch(/ing/);
    expect(effects).toMatchObject([
      { kind: 'alarm', alarm: 'DECISION_CONTRADICTED' },
      { operation, answer: { outcome: 'refused' } },
    ]);
  });

  test('a commit of what was rolled back, or never voted for, is an alarm', () => {
    expect(after(abort(), commit()).effects[0]).toMatchObject({ alarm: 'DECISION_CONTRADICTED' });
    expect(after(asked(), commit()).effects[0]).toMatchObject({ alarm: 'COMMITTED_WITHOUT_VOTE' });
    expect(after(commit()).effects[0]).toMatchObject({ alarm: 'COMMITTED_WITHOUT_VOTE' });
    expect(after(asked(), isPrepared, commit(), abort()).effects[0]).toMatchObject({
      alarm: 'DECISION_CONTRADICTED',
    });
  });
});

describe('recovery', () => {
  const looked = (listed: boolean): BranchEvent => ({ kind: 'looked', listed });

  test('a registered branch votes yes if its transaction is there, and does its work if it is not', () => {
    expect(after(asked(), looked(true))).toMatchObject({
      state: 'prepared',
      effects: [answer('prepare', yes)],
    });
    expect(after(asked(), looked(false)).effects).toEqual([{ kind: 'do', order }]);
  });

  test('a prepared one asks, and decides nothing', () => {
    expect(after(asked(), isPrepared, looked(true))).toMatchObject({
      state: 'prepared',
      effects: [{ kind: 'ask' }],
    });
  });

  test('what was decided is carried out', () => {
    expect(after(asked(), isPrepared, commit(), looked(true)).effects).toEqual([
      { kind: 'end', outcome: 'commit' },
    ]);
    expect(after(asked(), abort(), looked(false)).effects).toEqual([{ kind: 'end', outcome: 'rollback' }]);
    expect(after(asked(), abort(), ended(true), looked(false)).effects).toEqual([]);
  });

  test('a prepared transaction that nobody knows of is an alarm, and asks', () => {
    expect(after(looked(true))).toMatchObject({
      state: 'prepared',
      effects: [{ alarm: 'PREPARED_BUT_UNREGISTERED' }, { kind: 'ask' }],
    });
    expect(after(looked(false)).branch).toBeNull();
    expect(after(abort(), looked(true)).effects).toMatchObject([
      { alarm: 'PREPARED_BUT_UNREGISTERED' },
      { kind: 'end', outcome: 'rollback' },
    ]);
  });

  test('one that hears nothing asks after a while, and again', () => {
    const { branch } = after(asked(), isPrepared);
    expect(nextBranchDue(branch)?.getTime()).toBe(6_000);
    expect(advanceBranch(branch, about, { kind: 'timer' }, 5_999).branch).toBe(branch);
    const first = advanceBranch(branch, about, { kind: 'timer' }, 6_000);
    expect(first.effects).toEqual([{ kind: 'ask' }]);
    expect(nextBranchDue(first.branch)?.getTime()).toBe(11_000);
  });
});

describe('an operator decides alone', () => {
  const overruled = (outcome: 'commit' | 'rollback'): BranchEvent => ({ kind: 'overruled', outcome });

  test('a branch in doubt is ended, and nobody is answered', () => {
    expect(after(asked(), isPrepared, overruled('commit')).effects).toEqual([
      { kind: 'end', outcome: 'commit' },
    ]);
    expect(after(asked(), isPrepared, overruled('commit'), ended(true))).toMatchObject({
      state: 'committed',
      effects: [],
    });
    expect(after(asked(), isPrepared, overruled('rollback'), ended(true))).toMatchObject({
      state: 'rolled-back',
      effects: [],
    });
  });

  test('the same decision of the coordinator is answered as always', () => {
    expect(after(asked(), isPrepared, overruled('commit'), ended(true), commit()).effects).toEqual([
      answer('commit', yes),
    ]);
    expect(after(asked(), isPrepared, overruled('commit'), commit(), ended(true)).effects).toEqual([
      answer('commit', yes),
    ]);
  });

  test.each([
    [overruled('rollback'), commit()],
    [overruled('commit'), abort()],
  ])('another one is an alarm, and refused', (alone, told) => {
    for (const events of [[told], [ended(true), told]]) {
      expect(after(asked(), isPrepared, alone, ...events).effects).toMatchObject([
        { kind: 'alarm', alarm: 'DECISION_CONTRADICTED' },
        { kind: 'answer', answer: { outcome: 'refused' } },
      ]);
    }
  });

  test('what is not in doubt is left alone', () => {
    expect(after(asked(), overruled('commit')).state).toBe('registered');
    expect(after(asked(), isPrepared, commit(), overruled('rollback')).state).toBe('committing');
    expect(after(overruled('commit')).branch).toBeNull();
  });
});

test('a prepared transaction is named after service, order and database, within 200 bytes', () => {
  const orderId = crypto.randomUUID();
  const gid = gidOf({ ...about, orderId }, 'a'.repeat(63));
  expect(gid.length).toBeLessThan(200);
  expect(gidOf(about, 'shop')).toBe('inventory:an-order@shop');
  expect(orderOfGid(gid, 'inventory', 'a'.repeat(63))).toBe(orderId);
  expect(orderOfGid(gid, 'inventory', 'shop')).toBeNull();
  expect(orderOfGid(gid, 'payment', 'a'.repeat(63))).toBeNull();
});

test.each(['', 'backup-2026', "x''y", `${crypto.randomUUID()}@x`, crypto.randomUUID().toUpperCase()])(
  'a prepared transaction that is named nearly like ours is not ours: %j',
  nearly => {
    expect(orderOfGid(`inventory:${nearly}@shop`, 'inventory', 'shop')).toBeNull();
  },
);
