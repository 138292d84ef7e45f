import { describe, expect, test } from 'vitest';
import {
  asksAgain,
  billed,
  burnt,
  cooked,
  excused,
  leftEarly,
  lunch,
  notPaid,
  ordered,
  paid,
  served,
  thrownAway,
  waitedTooLong,
} from '../examples/lunch.js';
import { given } from '../testing/index.js';
import { advance, begin, nextDue } from './advance.js';

const dish = { dish: 'soup' };
const failed = { reason: 'BURNT' };

describe('a reaction', () => {
  test('does its operation when it hears its event, and announces the outcome', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook', { data: dish })
      .done({ plate: 7 })
      .expectAnnounces(cooked, { plate: 7 })
      .expectReaction('kitchen.cook', 'done');
  });

  test('announces a rejection as a failure, with its code', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .rejected('BURNT')
      .expectAnnounces(burnt, { reason: 'BURNT' })
      .expectReaction('kitchen.cook', 'rejected');
  });

  test('waits until everything has come, in whatever order: what is early is kept', () => {
    given(lunch, 'till')
      .hears(cooked, { plate: 7 })
      .expectNothing()
      .hears(ordered, dish)
      .expectPerforms('till.bill', { data: { plate: 7 } })
      .done({ bill: 1 })
      .expectAnnounces(billed)
      .hears(billed, { bill: 1 })
      .expectPerforms('till.charge', { data: { bill: 1 } });
  });

  test('happens once, however often its event comes', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .hears(ordered, dish)
      .expectNothing()
      .done({ plate: 7 })
      .expectAnnounces(cooked)
      .hears(ordered, dish)
      .done({ plate: 7 })
      .expectNothing();
  });

  test('announces only what changed the barrier: a stored answer has been announced by then', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .doneBefore({ plate: 7 })
      .expectReaction('kitchen.cook', 'done');
  });

  test('that meets a tombstone says nothing, and one that leaves it, being late, says so', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .aborted(false)
      .expectReaction('kitchen.cook', 'aborted');
    given(lunch, 'kitchen', { deadlineMs: 0 })
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .aborted(true)
      .expectAnnounces(burnt, { reason: 'DEADLINE' })
      .expectNothing();
  });

  test('may wait long for its answer: what comes meanwhile is handled', () => {
    given(lunch, 'kitchen')
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .hears(excused, failed)
      .expectPerforms('kitchen.throw-away')
      .of('kitchen.cook')
      .aborted(true)
      .of('kitchen.throw-away')
      .done()
      .expectAnnounces(thrownAway, failed)
      .expectNothing();
  });

  test('an undo happens also where nothing was done, and passes the reason on', () => {
    given(lunch, 'kitchen')
      .hears(excused, failed)
      .expectPerforms('kitchen.throw-away')
      .done()
      .expectAnnounces(thrownAway, failed)
      .expectNothing();
  });

  test('an undo that meets the tombstone of a late do is announced all the same: the others wait for it', () => {
    given(lunch, 'kitchen', { deadlineMs: 0 })
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook')
      .aborted(true)
      .expectAnnounces(burnt)
      .hears(excused, { reason: 'DEADLINE' })
      .expectPerforms('kitchen.throw-away')
      .doneBefore()
      .expectAnnounces(thrownAway, { reason: 'DEADLINE' })
      .hears(excused, { reason: 'DEADLINE' })
      .expectNothing();
  });

  test('only a do before the pivot carries the deadline', () => {
    const deadlineAt = Date.UTC(2026, 0, 1, 12, 0, 9);
    given(lunch, 'kitchen', { deadlineMs: 9_000 })
      .hears(ordered, dish)
      .expectPerforms('kitchen.cook', { deadlineAt })
      .hears(paid, {})
      .expectPerforms('kitchen.serve', { deadlineAt: null });
  });
});

describe('what is refused for now', () => {
  test('is tried again, later each time, and parked in the end; an operator gets it on', () => {
    const scenario = given(lunch, 'kitchen').hears(paid, {}).expectPerforms('kitchen.serve').refused('BUSY');
    scenario.expectReaction('kitchen.serve', 'waiting');
    for (let attempt = 2; attempt <= 20; attempt++) {
      scenario.untilDue().expectPerforms('kitchen.serve', { attempt }).refused('BUSY');
    }
    scenario
      .expectReaction('kitchen.serve', 'stuck')
      .hears(asksAgain, {})
      .expectPerforms('kitchen.serve', { attempt: 21 })
      .done()
      .expectAnnounces(served);
  });

  test('is tried at once when an operator says so, before its time has come', () => {
    given(lunch, 'kitchen')
      .hears(paid, {})
      .expectPerforms('kitchen.serve')
      .refused('BUSY')
      .hears(asksAgain, {})
      .expectPerforms('kitchen.serve', { attempt: 2 })
      .done()
      .expectAnnounces(served);
  });

  test('the excuse that meets a paid bill is too late, for good', () => {
    given(lunch, 'till')
      .hears(ordered, dish)
      .hears(cooked, { plate: 7 })
      .expectPerforms('till.bill')
      .done({ bill: 1 })
      .expectAnnounces(billed)
      .hears(billed, { bill: 1 })
      .expectPerforms('till.charge')
      .done()
      .expectAnnounces(paid)
      .hears(leftEarly, { reason: 'CANCELLED' })
      .expectPerforms('till.excuse')
      .refused('ALREADY_PAID')
      .expectReaction('till.excuse', 'too-late');
  });

  test('but one that meets a bill that could not be paid is tried again', () => {
    given(lunch, 'till')
      .hears(notPaid, { reason: 'NO_MONEY' })
      .expectPerforms('till.excuse')
      .refused('BUSY')
      .expectReaction('till.excuse', 'waiting');
  });

  test('the first failure is the one whose reason is passed on', () => {
    given(lunch, 'till')
      .hears(burnt, failed)
      .expectPerforms('till.excuse')
      .hears(leftEarly, { reason: 'CANCELLED' })
      .expectNothing()
      .done()
      .expectAnnounces(excused, failed);
  });
});

describe('the watcher', () => {
  const running = () => given(lunch, 'guest', { deadlineMs: 60_000 }).hears(ordered, dish);

  test('completes the order when the last part is done', () => {
    running().hears(paid, {}).hears(served, {}).expectPerforms('guest.thank').done().expectOrder('completed');
  });

  test('cancels it when everything is undone, with the reason', () => {
    running()
      .hears(thrownAway, failed)
      .expectNothing()
      .hears(excused, failed)
      .expectPerforms('guest.leave', { data: { reason: 'BURNT' } })
      .done()
      .expectOrder('cancelled');
  });

  test('asks for the end when the deadline passes, once', () => {
    running()
      .untilDue()
      .expectAnnounces(waitedTooLong, { reason: 'DEADLINE' })
      .cancel()
      .expectOrder('running');
  });

  test('asks for a cancel once, and not when the decision was heard', () => {
    running().cancel().expectAnnounces(leftEarly, { reason: 'CANCELLED' }).cancel().expectNothing();
    running().hears(paid, {}).cancel().expectNothing();
    running().hears(excused, failed).cancel().expectNothing();
  });

  test('that hears of a cancel which a colleague has asked for does not ask again, nor for the deadline', () => {
    const scenario = running().hears(leftEarly, { reason: 'CANCELLED' });
    expect(scenario.progress.watch?.requested).toBe('CANCELLED');
    scenario.cancel().expectNothing();
    scenario.untilDue().expectOrder('parked (waits for till.paid or till.excused)');
  });

  test('keeps of an event that it only has to know that it came', () => {
    const { facts } = running().hears(cooked, { plate: 7 }).hears(excused, failed).progress;
    expect(facts).toEqual([
      { event: 'guest.ordered', data: null },
      { event: 'kitchen.cooked', data: null },
      { event: 'till.excused', data: failed },
    ]);
  });

  test('no deadline passes after the decision', () => {
    running().hears(paid, {}).untilDue().expectOrder('parked (waits for kitchen.served)');
  });

  test('shows an order that nothing is heard of as parked, with what it waits for, until something moves', () => {
    running()
      .cancel()
      .expectAnnounces(leftEarly)
      .untilDue()
      .expectOrder('parked (waits for till.paid or till.excused)')
      .resume()
      .expectAnnounces(asksAgain, {})
      .expectOrder('running')
      .hears(excused, { reason: 'CANCELLED' })
      .untilDue()
      .expectOrder('parked (waits for kitchen.thrown-away)')
      .hears(thrownAway, { reason: 'CANCELLED' })
      .expectPerforms('guest.leave')
      .done()
      .expectOrder('cancelled');
  });

  test('an order whose participants have decided both ways is an alarm', () => {
    running().hears(paid, {}).hears(excused, failed).expectAlarm('CONTRADICTING_EVENTS');
  });

  test('a timer that is not due changes nothing', () => {
    const progress = begin(lunch, 'guest', 'an-order', 0);
    expect(advance(lunch, progress, { kind: 'timer' }, 5).progress).toBe(progress);
    expect(nextDue(lunch, progress)).toBeNull();
  });
});

test('an order is not advanced with another version of its choreography', () => {
  const progress = begin(lunch, 'kitchen', 'an-order', 0);
  expect(() => advance({ ...lunch, version: 2 }, progress, { kind: 'timer' }, 0)).toThrow(TypeError);
});

test('an answer that no reaction has asked for is an alarm', () => {
  given(lunch, 'kitchen').of('kitchen.cook').done({ plate: 1 }).expectAlarm('ANSWER_TO_NOTHING');
});

test('a sentence about somebody who has no part in it is refused', () => {
  expect(() => given(lunch, 'waiter')).toThrow('waiter has no part in lunch: guest, kitchen, till have');
});
