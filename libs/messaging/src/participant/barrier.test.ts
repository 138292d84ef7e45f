import { type Answer, answerOf, reserveStock } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import type { Message } from '../message.js';
import {
  type Barrier,
  type Circumstances,
  IllegalBarrier,
  meet,
  type Outcome,
  resume,
  type Reply,
  type Rule,
  settle,
  waitsForCall,
} from './barrier.js';

const now = new Date('2026-11-21T12:00:00.000Z');
const earlier = '2026-11-21T11:59:59.999Z';
const later = '2026-11-21T12:00:00.001Z';

const message = (type: string, attempt: number, more: Partial<Message> = {}): Message => ({
  id: `${type}-${attempt}`,
  type,
  source: '/orchestrator',
  time: '2026-11-21T11:59:00.000Z',
  subject: 'order-1',
  data: { attempt },
  attempt,
  ...more,
});
const asked = (attempt = 1, more: Partial<Message> = {}) => message('reserve', attempt, more);
const undo = (attempt = 1) => message('release', attempt);

const about = (more: Partial<Circumstances> = {}): Circumstances => ({
  rule: 'undoable',
  now,
  unexplainedRecord: false,
  ...more,
});

const done: Outcome = { kind: 'done', reply: { warehouse: 'north' } };
const undone: Outcome = { kind: 'done', reply: { released: 2 } };
const rejected: Outcome = { kind: 'rejected', code: 'OUT_OF_STOCK', detail: 'none left' };
const refused: Outcome = { kind: 'refused', code: 'BUSY' };
const call: Outcome = { kind: 'call' };
const wait: Outcome = { kind: 'wait' };

const doneAnswer = { outcome: 'done', reply: { warehouse: 'north' } } as const;
const undoneAnswer = { outcome: 'done', reply: { released: 2 } } as const;
const rejectedAnswer = { outcome: 'rejected', code: 'OUT_OF_STOCK', detail: 'none left' } as const;
const nothing: Answer = { outcome: 'done', reply: {} };
const aborted: Answer = { outcome: 'aborted' };
const busy: Answer = { outcome: 'refused', code: 'BUSY' };

/** Every state that a barrier can be in. */
const states = {
  untouched: { kind: 'untouched' },
  'waiting for a call': { kind: 'waiting', for: 'call', since: 1, do: asked(), undo: null },
  'waiting for a call, undo recorded': { kind: 'waiting', for: 'call', since: 1, do: asked(), undo: undo() },
  'waiting for the order': { kind: 'waiting', for: 'order', since: 1, do: asked(), undo: null },
  done: { kind: 'answered', answer: doneAnswer },
  rejected: { kind: 'answered', answer: rejectedAnswer },
  'undoing by a call': { kind: 'undoing', for: 'call', since: 1, answer: doneAnswer, do: null, undo: undo() },
  'undoing by a call, do unanswered': {
    kind: 'undoing',
    for: 'call',
    since: 1,
    answer: doneAnswer,
    do: asked(),
    undo: undo(),
  },
  'undoing what nobody remembers': {
    kind: 'undoing',
    for: 'call',
    since: 1,
    answer: null,
    do: null,
    undo: undo(),
  },
  'undoing, waiting for the order': {
    kind: 'undoing',
    for: 'order',
    since: 1,
    answer: doneAnswer,
    do: null,
    undo: undo(),
  },
  undone: { kind: 'undone', reply: { released: 2 } },
  tombstone: { kind: 'tombstone' },
} as const satisfies Record<string, Barrier>;
type Name = keyof typeof states;
const all = Object.keys(states) as Name[];
const except = (...names: Name[]) => all.filter(name => !names.includes(name));

const settled = (barrier: Barrier, ...replies: Reply[]) => ({ next: 'settled', barrier, replies });
const reply = (to: Message, answer: Answer): Reply => ({ to, answer });

describe('a do', () => {
  test.each(['undone', 'tombstone'] as const)('is aborted once it is %s', name => {
    expect(meet(states[name], 'do', asked(2), about())).toEqual(
      settled(states[name], reply(asked(2), aborted)),
    );
  });

  test.each(['done', 'rejected', 'undoing by a call', 'undoing, waiting for the order'] as const)(
    'gets its stored answer again while it is %s, and nothing is decided',
    name => {
      const verdict = meet(states[name], 'do', asked(2), about());
      expect(verdict).toEqual(settled(states[name], reply(asked(2), states[name].answer)));
    },
  );

  test.each(['waiting for a call', 'waiting for a call, undo recorded', 'waiting for the order'] as const)(
    'that is %s notes the newest attempt, keeps its first data, and decides nothing',
    name => {
      const verdict = meet(states[name], 'do', asked(2), about());
      expect(verdict).toEqual(settled({ ...states[name], do: { ...asked(2), data: { attempt: 1 } } }));
    },
  );

  test('that was never answered is noted while it is being undone', () => {
    const barrier = states['undoing by a call, do unanswered'];
    expect(meet(barrier, 'do', asked(2), about())).toEqual(
      settled({ ...barrier, do: { ...asked(2), data: { attempt: 1 } } }),
    );
    const unknown = states['undoing what nobody remembers'];
    expect(meet(unknown, 'do', asked(2), about())).toEqual(settled({ ...unknown, do: asked(2) }));
  });

  test('is decided when nothing is known', () => {
    expect(meet(states.untouched, 'do', asked(), about())).toEqual({ next: 'decide' });
  });

  test.each([earlier, now.toISOString()])('is aborted for good from its deadline on (%s)', deadline => {
    const late = asked(1, { deadline });
    const verdict = meet(states.untouched, 'do', late, about());
    expect(verdict).toEqual(settled({ kind: 'tombstone' }, reply(late, aborted)));
  });

  test('is decided before its deadline', () => {
    expect(meet(states.untouched, 'do', asked(1, { deadline: later }), about())).toEqual({ next: 'decide' });
  });

  test.each(['pivot', 'must-finish'] as const)('knows no deadline when it is a %s', rule => {
    expect(meet(states.untouched, 'do', asked(1, { deadline: earlier }), about({ rule }))).toEqual({
      next: 'decide',
    });
  });

  test.each(except('untouched'))(
    'past its deadline gets what it would have got before it, when it is %s',
    name => {
      const late = asked(2, { deadline: earlier });
      const inTime = asked(2, { deadline: later });
      const same = (value: unknown) =>
        JSON.parse(JSON.stringify(value).replaceAll(earlier, later)) as unknown;
      expect(same(meet(states[name], 'do', late, about()))).toEqual(
        same(meet(states[name], 'do', inTime, about())),
      );
    },
  );
});

describe('an undo', () => {
  test('with no do leaves the tombstone and succeeds', () => {
    expect(meet(states.untouched, 'undo', undo(), about())).toEqual(
      settled({ kind: 'tombstone' }, reply(undo(), nothing)),
    );
  });

  test('of a rejected do leaves the tombstone and succeeds', () => {
    expect(meet(states.rejected, 'undo', undo(), about())).toEqual(
      settled({ kind: 'tombstone' }, reply(undo(), nothing)),
    );
  });

  test('of a do that has not begun, as it waits for another operation, leaves the tombstone for both', () => {
    expect(meet(states['waiting for the order'], 'undo', undo(), about())).toEqual(
      settled({ kind: 'tombstone' }, reply(asked(), aborted), reply(undo(), nothing)),
    );
  });

  test('of a do that waits for an outside answer is recorded and not answered yet', () => {
    const barrier = states['waiting for a call'];
    expect(meet(barrier, 'undo', undo(), about())).toEqual(settled({ ...barrier, undo: undo() }));
  });

  test.each([
    'waiting for a call, undo recorded',
    'undoing by a call',
    'undoing, waiting for the order',
  ] as const)('that is recorded already notes the newest attempt (%s)', name => {
    expect(meet(states[name], 'undo', undo(2), about())).toEqual(
      settled({ ...states[name], undo: { ...undo(2), data: { attempt: 1 } } }),
    );
  });

  test('of a do that is done is decided', () => {
    expect(meet(states.done, 'undo', undo(), about())).toEqual({ next: 'decide' });
  });

  test('that has succeeded gets its stored answer again', () => {
    expect(meet(states.undone, 'undo', undo(2), about())).toEqual(
      settled(states.undone, reply(undo(2), undoneAnswer)),
    );
    expect(meet(states.tombstone, 'undo', undo(2), about())).toEqual(
      settled(states.tombstone, reply(undo(2), nothing)),
    );
  });

  test('that finds a business record and no barrier is decided, not taken for one with no do', () => {
    expect(meet(states.untouched, 'undo', undo(), about({ unexplainedRecord: true }))).toEqual({
      next: 'decide',
    });
  });

  test('knows no deadline', () => {
    const late = message('release', 1, { deadline: earlier });
    expect(meet(states.done, 'undo', late, about())).toEqual({ next: 'decide' });
  });
});

describe('a decision on a do', () => {
  const decide = (from: Name, outcome: Outcome, rule: Rule = 'undoable') =>
    settle(states[from], 'do', asked(), outcome, { rule, now });

  test.each(['undoable', 'pivot', 'must-finish'] as const)('that succeeds is stored and told (%s)', rule => {
    for (const from of ['untouched', 'waiting for a call', 'waiting for the order'] as const) {
      expect(decide(from, done, rule)).toEqual(
        settled({ kind: 'answered', answer: doneAnswer }, reply(asked(), doneAnswer)),
      );
    }
  });

  test.each(['undoable', 'pivot'] as const)('that rejects is stored and told (%s)', rule => {
    for (const from of ['untouched', 'waiting for a call', 'waiting for the order'] as const) {
      expect(decide(from, rejected, rule)).toEqual(
        settled({ kind: 'answered', answer: rejectedAnswer }, reply(asked(), rejectedAnswer)),
      );
    }
  });

  test('that rejects with a long story is told in a length that the contract allows', () => {
    const story: Outcome = { kind: 'rejected', code: 'OUT_OF_STOCK', detail: '😀'.repeat(2_000) };
    const { replies } = decide('untouched', story);
    const { detail } = replies[0]!.answer as { detail: string };
    expect(answerOf(reserveStock).safeParse(replies[0]!.answer).success).toBe(true);
    expect(detail.isWellFormed()).toBe(true);
    expect(detail).toMatch(/^😀.*…$/u);
  });

  test('that rejects what must finish is told as a refusal, and not stored', () => {
    for (const from of ['untouched', 'waiting for a call', 'waiting for the order'] as const) {
      expect(decide(from, rejected, 'must-finish')).toEqual(
        settled({ kind: 'untouched' }, reply(asked(), { ...rejectedAnswer, outcome: 'refused' })),
      );
    }
  });

  test.each(['undoable', 'pivot', 'must-finish'] as const)(
    'that refuses for now is not stored (%s)',
    rule => {
      expect(decide('untouched', refused, rule)).toEqual(
        settled({ kind: 'untouched' }, reply(asked(), busy)),
      );
      expect(decide('waiting for a call', refused, rule)).toEqual(
        settled({ kind: 'untouched' }, reply(asked(), busy)),
      );
    },
  );

  test('that calls or waits answers nothing yet', () => {
    const waiting = { kind: 'waiting', since: now.getTime(), do: asked(), undo: null } as const;
    expect(decide('untouched', call)).toEqual(settled({ ...waiting, for: 'call' }));
    expect(decide('untouched', wait)).toEqual(settled({ ...waiting, for: 'order' }));
  });

  test('that calls again after an answer keeps everything that waits', () => {
    expect(decide('waiting for a call, undo recorded', call)).toEqual(
      settled(states['waiting for a call, undo recorded']),
    );
  });

  test('that succeeds after its undo came is undone at once, and not told as done', () => {
    expect(decide('waiting for a call, undo recorded', done)).toEqual({
      ...settled({
        kind: 'undoing',
        for: 'order',
        since: now.getTime(),
        answer: doneAnswer,
        do: asked(),
        undo: undo(),
      }),
      then: 'undo',
    });
  });

  test.each([rejected, refused])(
    'that comes to nothing after its undo came answers both ($kind)',
    outcome => {
      expect(decide('waiting for a call, undo recorded', outcome)).toEqual(
        settled({ kind: 'tombstone' }, reply(asked(), aborted), reply(undo(), nothing)),
      );
    },
  );

  test.each(
    except('untouched', 'waiting for a call', 'waiting for a call, undo recorded', 'waiting for the order'),
  )('is impossible when it is %s', name => {
    expect(() => decide(name, done)).toThrow(IllegalBarrier);
  });
});

describe('a decision on an undo', () => {
  const decide = (from: Name, outcome: Outcome) =>
    settle(states[from], 'undo', undo(), outcome, { rule: 'undoable', now });

  test('that succeeds is stored and told', () => {
    for (const from of [
      'done',
      'undoing by a call',
      'undoing, waiting for the order',
      'untouched',
    ] as const) {
      expect(decide(from, undone)).toEqual(
        settled({ kind: 'undone', reply: { released: 2 } }, reply(undo(), undoneAnswer)),
      );
    }
  });

  test('that succeeds tells a do that was never answered that it is aborted', () => {
    expect(decide('undoing by a call, do unanswered', undone)).toEqual(
      settled(
        { kind: 'undone', reply: { released: 2 } },
        reply(asked(), aborted),
        reply(undo(), undoneAnswer),
      ),
    );
  });

  test.each([refused, { ...refused, kind: 'rejected' as const }])(
    'that does not succeed ($kind) is told as a refusal, and not stored',
    outcome => {
      for (const from of ['done', 'undoing by a call', 'undoing, waiting for the order'] as const) {
        expect(decide(from, outcome)).toEqual(
          settled({ kind: 'answered', answer: doneAnswer }, reply(undo(), busy)),
        );
      }
      for (const from of ['untouched', 'undoing what nobody remembers'] as const) {
        expect(decide(from, outcome)).toEqual(settled({ kind: 'untouched' }, reply(undo(), busy)));
      }
    },
  );

  test('that does not succeed tells a do that was never answered what it is: done', () => {
    expect(decide('undoing by a call, do unanswered', refused)).toEqual(
      settled({ kind: 'answered', answer: doneAnswer }, reply(asked(), doneAnswer), reply(undo(), busy)),
    );
  });

  test('that does not succeed refuses for now a do that nobody remembers', () => {
    const barrier: Barrier = { ...states['undoing what nobody remembers'], do: asked() };
    expect(settle(barrier, 'undo', undo(), refused, { rule: 'undoable', now })).toEqual(
      settled({ kind: 'untouched' }, reply(asked(), busy), reply(undo(), busy)),
    );
  });

  test('that calls or waits answers nothing yet and keeps the do that waits', () => {
    const undoing = {
      kind: 'undoing',
      since: now.getTime(),
      answer: doneAnswer,
      do: null,
      undo: undo(),
    } as const;
    expect(decide('done', call)).toEqual(settled({ ...undoing, for: 'call' }));
    expect(decide('done', wait)).toEqual(settled({ ...undoing, for: 'order' }));
    expect(decide('undoing by a call, do unanswered', call)).toEqual(
      settled(states['undoing by a call, do unanswered']),
    );
  });

  test.each([
    'waiting for a call',
    'waiting for a call, undo recorded',
    'waiting for the order',
    'undone',
    'tombstone',
  ] as const)('is impossible when it is %s', name => {
    expect(() => decide(name, undone)).toThrow(IllegalBarrier);
  });
});

describe('what waits for the order', () => {
  test('is decided again', () => {
    expect(resume(states['waiting for the order'], about())).toEqual({ next: 'decide', side: 'do' });
    expect(resume(states['undoing, waiting for the order'], about())).toEqual({
      next: 'decide',
      side: 'undo',
    });
  });

  test('is aborted when its deadline has passed meanwhile, unless it is a pivot', () => {
    const late = asked(1, { deadline: earlier });
    const barrier: Barrier = { ...states['waiting for the order'], do: late };
    expect(resume(barrier, about())).toEqual(settled({ kind: 'tombstone' }, reply(late, aborted)));
    expect(resume(barrier, about({ rule: 'pivot' }))).toEqual({ next: 'decide', side: 'do' });
  });

  test.each(except('waiting for the order', 'undoing, waiting for the order'))('is not what is %s', name => {
    expect(resume(states[name], about())).toEqual(settled(states[name]));
  });
});

test('only the side that asked waits for an outside answer', () => {
  const waiting = (side: 'do' | 'undo') => all.filter(name => waitsForCall(states[name], side));
  expect(waiting('do')).toEqual(['waiting for a call', 'waiting for a call, undo recorded']);
  expect(waiting('undo')).toEqual([
    'undoing by a call',
    'undoing by a call, do unanswered',
    'undoing what nobody remembers',
  ]);
});
