import { describe, expect, test } from 'vitest';
import { aHoliday, preparedHoliday, triedHoliday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';
import { advance, start, startAborted } from './advance.js';
import { nextDue } from './instance.js';

const prepare = (scenario: Scenario) =>
  scenario.expectCommand('hotels.prepare-branch').expectCommand('flights.prepare-branch');

/** Every branch has voted yes. */
const prepared = () =>
  prepare(given(preparedHoliday, aHoliday()))
    .reply()
    .expectUndecided()
    .to('hotels.prepare-branch')
    .reply()
    .expectDecided('commit');

const committed = () =>
  prepared()
    .expectCommand('hotels.commit-branch')
    .reply()
    .expectCommand('flights.commit-branch')
    .reply()
    .expectCommand('customers.voucher');

describe('two-phase commit', () => {
  test('when every branch has prepared, the decision is stored, then told to everybody', () => {
    committed().expectState('committing').reply().expectState('committed');
  });

  test('what follows on the commit waits for the last branch', () => {
    prepared()
      .expectCommand('flights.commit-branch')
      .reply()
      .expectCommand('hotels.commit-branch')
      .expectState('committing');
  });

  test('one no aborts everybody who may have prepared, and not the one who said no', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reject('NO_SEAT')
      .expectDecided('abort')
      .expectCommand('hotels.roll-branch-back')
      .reply()
      .expectTold('customers.apologise', { reason: 'NO_SEAT' })
      .expectState('aborted (NO_SEAT)');
  });

  test('a yes that comes after the abort changes nothing', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reject('NO_SEAT')
      .expectCommand('hotels.roll-branch-back')
      .to('hotels.prepare-branch')
      .reply()
      .expectState('aborting (NO_SEAT)');
  });

  test('a participant is told its order, and which definition it belongs to', () => {
    const { effects } = start(preparedHoliday, { id: 'a', input: aHoliday(), deadlineAt: 7 }, 0);
    expect(effects[0]).toMatchObject({
      part: 'hotels',
      data: { definition: 'holiday', version: 1, input: aHoliday() },
      deadlineAt: 7,
    });
  });

  test('a branch rejects with what its work rejects with, or because it was too late', () => {
    const [hotels] = preparedHoliday.branches;
    expect(hotels?.prepare.rejects).toEqual(['FULL', 'BROKE', 'DEADLINE', 'TIMEOUT']);
  });
});

describe('try, confirm, cancel', () => {
  const tried = () =>
    given(triedHoliday, aHoliday())
      .expectCommand('hotels.book', { data: { guest: 'ada' } })
      .expectCommand('flights.book');

  test('every try that succeeded is confirmed, with what it replied', () => {
    tried()
      .reply()
      .to('hotels.book')
      .reply({ room: 7 })
      .expectDecided('commit')
      .expectCommand('hotels.pay', { data: { room: 7 } })
      .expectCommand('flights.issue')
      .reply()
      .to('hotels.pay')
      .reply()
      .expectCommand('customers.voucher')
      .reply()
      .expectState('committed');
  });

  test('a rejected try cancels the others, also one that has not answered', () => {
    tried()
      .to('hotels.book')
      .reject('FULL')
      .expectCommand('flights.cancel')
      .reply()
      .expectState('aborted (FULL)');
  });

  test('a confirm never fails: its rejection is taken as "not now", and parked in the end', () => {
    const scenario = tried()
      .reply()
      .to('hotels.book')
      .reply({ room: 7 })
      .expectCommand('flights.issue')
      .reply();
    scenario.expectCommand('hotels.pay').reject('BROKE').expectState('committing');
    for (let attempt = 2; attempt <= 20; attempt++) {
      scenario.untilDue().expectCommand('hotels.pay', { attempt }).reject('BROKE');
    }
    scenario
      .expectState('parked (commit of hotels: BROKE)')
      .resume()
      .expectCommand('hotels.pay', { attempt: 21 })
      .reply()
      .expectCommand('customers.voucher');
  });
});

describe('the question of a participant', () => {
  test('whoever asks before the decision is told to abort, and that is the decision', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reply()
      .asks('flights')
      .expectDecided('abort')
      .expectCommand('flights.roll-branch-back')
      .expectCommand('hotels.roll-branch-back')
      .to('hotels.prepare-branch')
      .reply()
      .expectState('aborting (TIMEOUT)');
  });

  test('whoever asks after the decision hears it once more', () => {
    prepared()
      .expectCommand('hotels.commit-branch')
      .expectCommand('flights.commit-branch')
      .asks('flights')
      .expectCommand('flights.commit-branch', { attempt: 2 })
      .expectState('committing');
  });

  test('also when everything has ended long since', () => {
    committed()
      .reply()
      .asks('hotels')
      .expectCommand('hotels.commit-branch', { attempt: 2 })
      .reply()
      .expectState('committed');
  });

  test('one that said no and asks all the same is told to abort', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reject('NO_SEAT')
      .expectCommand('hotels.roll-branch-back')
      .asks('flights')
      .expectCommand('flights.roll-branch-back', { attempt: 1 })
      .expectState('aborting (NO_SEAT)');
  });

  test('of something that nobody began, the abort is stored before it is answered', () => {
    const beginning = { id: 'a', input: aHoliday(), deadlineAt: null };
    const { instance, effects } = startAborted(preparedHoliday, beginning, 'TIMEOUT', 0);
    expect(effects[0]).toMatchObject({ kind: 'decided', decision: 'abort' });
    const answer = advance(preparedHoliday, instance, { kind: 'asked', part: 'hotels' }, 0);
    expect(answer.effects).toMatchObject([{ kind: 'send', part: 'hotels', operation: 'abort' }]);
  });
});

describe('time', () => {
  test('a branch that does not answer is asked again, and then everything is aborted', () => {
    const scenario = prepare(given(preparedHoliday, aHoliday())).reply();
    scenario.after(5_200).expectCommand('hotels.prepare-branch', { attempt: 2 });
    scenario.after(5_400).expectCommand('hotels.prepare-branch', { attempt: 3 });
    scenario
      .after(5_000)
      .expectDecided('abort')
      .expectCommand('hotels.roll-branch-back')
      .expectCommand('flights.roll-branch-back')
      .expectState('aborting (TIMEOUT)');
  });

  test('a refused prepare is tried again soon', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .refuse('BUSY')
      .after(200)
      .expectCommand('flights.prepare-branch', { attempt: 2 })
      .expectState('preparing');
  });

  test('a deadline before the decision aborts', () => {
    prepare(given(preparedHoliday, aHoliday(), { deadlineMs: 1_000 }))
      .reply()
      .after(1_000)
      .expectCommand('hotels.roll-branch-back')
      .expectCommand('flights.roll-branch-back')
      .expectState('aborting (DEADLINE)');
  });

  test('a deadline or a cancel after the decision comes too late', () => {
    prepare(given(preparedHoliday, aHoliday(), { deadlineMs: 1_000 }))
      .reply()
      .to('hotels.prepare-branch')
      .reply()
      .expectCommand('hotels.commit-branch')
      .expectCommand('flights.commit-branch')
      .after(1_500)
      .cancel()
      .expectState('committing');
  });

  test('what is decided is told until it is answered, and parked after twenty attempts', () => {
    const scenario = prepared()
      .expectCommand('hotels.commit-branch')
      .reply()
      .expectCommand('flights.commit-branch');
    for (let attempt = 2; attempt <= 20; attempt++) {
      scenario.after(35_000).expectCommand('flights.commit-branch', { attempt });
    }
    scenario.after(35_000).expectState('parked (commit of flights: TIMEOUT)');
    expect(nextDue(scenario.instance)).toBeNull();
    scenario.resume().expectCommand('flights.commit-branch', { attempt: 21 }).expectState('committing');
  });

  test('one that begins past its deadline aborts without asking anybody', () => {
    const { instance, effects } = start(triedHoliday, { id: 'a', input: aHoliday(), deadlineAt: 5 }, 5);
    expect(instance.state).toEqual({ kind: 'aborted', reason: 'DEADLINE', branches: [] });
    expect(effects.map(({ kind }) => kind)).toEqual(['decided', 'tell', 'finished']);
  });
});

describe('answers that should not come', () => {
  test('a cancel before the decision aborts', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .cancel()
      .expectCommand('hotels.roll-branch-back')
      .expectCommand('flights.roll-branch-back')
      .reply()
      .expectState('aborting (CANCELLED)');
  });

  test('a second, different vote is an alarm, and the first one counts', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reply()
      .reject('NO_SEAT')
      .expectAlarm('CONTRADICTING_ANSWERS', 'flights')
      .expectState('preparing');
  });

  test('a yes of a branch that said no is an alarm, and it is told to abort', () => {
    prepare(given(preparedHoliday, aHoliday()))
      .reject('NO_SEAT')
      .reply()
      .expectAlarm('CONTRADICTING_ANSWERS', 'flights')
      .expectCommand('flights.roll-branch-back')
      .expectCommand('hotels.roll-branch-back')
      .expectState('aborting (NO_SEAT)');
  });

  test('a yes that is overtaken by a later attempt, refused after the abort, contradicts nothing', () => {
    const scenario = given(triedHoliday, aHoliday())
      .expectCommand('hotels.book')
      .expectCommand('flights.book')
      .after(5_200)
      .expectCommand('hotels.book', { attempt: 2 })
      .expectCommand('flights.book', { attempt: 2 })
      .cancel()
      .expectCommand('hotels.cancel')
      .expectCommand('flights.cancel');
    scenario.to('flights.book', 2).aborted().to('flights.book', 1).reply();
    scenario.to('flights.cancel').reply().to('hotels.cancel').reply();
    scenario.expectTold('customers.apologise', { reason: 'CANCELLED' }).expectState('aborted (CANCELLED)');
  });

  test('the answer to an abort that only its question has caused is none', () => {
    const beginning = { id: 'a', input: aHoliday(), deadlineAt: null };
    const { instance } = startAborted(preparedHoliday, beginning, 'TIMEOUT', 0);
    const asked = advance(preparedHoliday, instance, { kind: 'asked', part: 'hotels' }, 0);
    const answer = { outcome: 'done', reply: {} } as const;
    const event = { kind: 'answered', part: 'hotels', operation: 'abort', attempt: 1, answer } as const;
    expect(advance(preparedHoliday, asked.instance, event, 0).effects).toEqual([]);
  });

  test('an answer to what was never sent is an alarm', () => {
    const { instance } = start(triedHoliday, { id: 'a', input: aHoliday(), deadlineAt: null }, 0);
    const answer = { outcome: 'done', reply: {} } as const;
    const event = { kind: 'answered', part: 'hotels', operation: 'commit', attempt: 1, answer } as const;
    const next = advance(triedHoliday, instance, event, 0);
    expect(next.effects).toMatchObject([{ kind: 'alarm', alarm: 'ANSWER_TO_NOTHING' }]);
    expect(next.instance).toBe(instance);
  });

  test('an instance is not advanced with another version of its definition', () => {
    const { instance } = start(triedHoliday, { id: 'a', input: aHoliday(), deadlineAt: null }, 0);
    expect(() => advance({ ...triedHoliday, version: 2 }, instance, { kind: 'timer' }, 0)).toThrow(TypeError);
  });
});
