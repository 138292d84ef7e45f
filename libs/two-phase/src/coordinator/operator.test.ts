import { describe, expect, test } from 'vitest';
import { aHoliday, triedHoliday } from '../examples/holiday.js';
import { withPatience } from '../definition/patience.js';
import { given } from '../testing/index.js';

const impatient = withPatience(triedHoliday, { parkAfterAttempts: 2 });

const tried = () =>
  given(impatient, aHoliday()).expectCommand('hotels.book').expectCommand('flights.book').reply();

/** The hotels' confirm has been refused once, and waits for its next attempt. */
const refusedOnce = () =>
  tried()
    .to('hotels.book')
    .reply({ room: 7 })
    .expectCommand('flights.issue')
    .reply()
    .expectCommand('hotels.pay')
    .refuse('AWAY');

const parked = () =>
  refusedOnce()
    .untilDue()
    .expectCommand('hotels.pay', { attempt: 2 })
    .refuse('AWAY')
    .expectState('parked (commit of hotels: AWAY)');

describe('an operator', () => {
  test('retries what waits for its next attempt, and what is stuck', () => {
    refusedOnce().operator('retry', null).expectCommand('hotels.pay', { attempt: 2 });
    parked().operator('retry', null).expectCommand('hotels.pay', { attempt: 3 }).expectState('committing');
    tried().operator('retry', 'nothing waits for another attempt');
  });

  test('resumes only what is parked', () => {
    parked().operator('resume', null).expectCommand('hotels.pay', { attempt: 3 });
    refusedOnce().operator('resume', 'it is not parked').expectState('committing');
  });

  test('says that what is stuck is done: it is not asked for again', () => {
    const scenario = parked().operator('force-forward', null).expectCommand('customers.voucher');
    expect(scenario.instance.state).toMatchObject({
      branches: [{ commit: { is: 'done', attempts: 2, byHand: true } }, {}],
    });
    parked().operator('force-forward', '"flights" is not what is stuck: "hotels" is', 'flights');
    parked().operator(
      'force-forward',
      '"abort of hotels" is not what is stuck: "hotels" is',
      'abort of hotels',
    );
    for (const shown of ['hotels', 'commit of hotels'])
      parked().operator('force-forward', null, shown).expectCommand('customers.voucher');
  });

  test('turns back before the decision, and never after it', () => {
    const forward = 'it is decided that everything is done: the way is forward only';
    tried()
      .operator('force-undo', null)
      .expectCommand('hotels.cancel')
      .expectCommand('flights.cancel')
      .expectState('aborting (OPERATOR)')
      .operator('cancel', 'it is being undone already: OPERATOR');
    tried().operator('cancel', null).expectCommand('hotels.cancel').expectCommand('flights.cancel');
    refusedOnce().operator('force-undo', forward).operator('cancel', forward);
  });

  test('does nothing to what has ended', () => {
    tried()
      .to('hotels.book')
      .reject('FULL')
      .expectCommand('flights.cancel')
      .reply()
      .expectTold('customers.apologise', { reason: 'FULL' })
      .operator('retry', 'it has ended: it is aborted')
      .expectState('aborted (FULL)');
  });
});

test("a definition's own patience counts, where it has said something", () => {
  const own = { ...triedHoliday, patience: { ...triedHoliday.patience, timeoutMs: 70 } };
  expect(withPatience(own, { timeoutMs: 9_000, parkAfterAttempts: 3 }).patience).toMatchObject({
    timeoutMs: 70,
    parkAfterAttempts: 3,
  });
});
