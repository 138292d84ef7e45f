import { describe, expect, test } from 'vitest';
import { withDefaults } from '../definition/definition.js';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';
import { stepsOf } from './instance.js';

/** Two attempts each, so that a sentence about a parked saga stays short. */
const impatient = withDefaults(holiday, { parkAfterAttempts: 2 });

const atThePivot = () =>
  given(impatient, aHoliday())
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .reply()
    .expectCommand('cars.rent')
    .reply()
    .expectCommand('cards.charge');

const finishing = () => atThePivot().reply().expectCommand('flights.issue').expectCommand('hotels.confirm');

/** Refuses the newest attempt of a command that was expected, and the one after. */
const refusedTwice = (scenario: Scenario, type: string) =>
  scenario.to(type).refuse('BUSY').untilDue().expectCommand(type, { attempt: 2 }).refuse('BUSY');

const ticketStuck = () => refusedTwice(finishing().reply(), 'flights.issue');

const undoing = () =>
  given(impatient, aHoliday())
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .reject('NO_ROOM')
    .expectCommand('flights.cancel');

const undoStuck = () => refusedTwice(undoing(), 'flights.cancel');

describe('retry', () => {
  test('sends at once what waits for its next attempt', () => {
    finishing()
      .reply()
      .to('flights.issue')
      .refuse('BUSY')
      .operator('retry')
      .expectCommand('flights.issue', { attempt: 2 })
      .reply()
      .expectCommand('customers.farewell')
      .reply()
      .expectCompleted();
  });

  test('gets a parked saga on as well', () => {
    ticketStuck()
      .expectParked('issue ticket: BUSY')
      .operator('retry')
      .expectCommand('flights.issue', { attempt: 3 })
      .expectRunning();
  });

  test('sends nothing twice: what waits for its answer is left alone', () => {
    finishing().operator('retry').expectRefused('no step waits for another attempt').expectRunning();
  });

  test('does not make an undoable step more patient than it is', () => {
    given(holiday, aHoliday())
      .expectCommand('flights.book')
      .reply({ airport: 'LIS' })
      .expectCommand('hotels.book')
      .after(5_000)
      .operator('retry')
      .expectCommand('hotels.book', { attempt: 2 })
      .after(5_000)
      .operator('retry')
      .expectCommand('hotels.book', { attempt: 3 })
      .after(5_000)
      .expectCommand('hotels.cancel')
      .expectCommand('flights.cancel')
      .expectCompensating('TIMEOUT');
  });
});

describe('resume', () => {
  test('goes on exactly where a parked saga was, with what runs beside the stuck step left alone', () => {
    const scenario = refusedTwice(finishing(), 'flights.issue').expectParked('issue ticket: BUSY');
    const beside = stepsOf(scenario.instance.state).find(({ name }) => name === 'send voucher');
    scenario
      .resume()
      .expectCommand('flights.issue', { attempt: 3 })
      .expectStep('send voucher', 'do', beside!.do.is, beside!.do.attempts)
      .expectRunning();
  });

  test('goes on with an undo', () => {
    undoStuck()
      .expectParked('undo of book flight: BUSY')
      .resume()
      .expectCommand('flights.cancel', { attempt: 3 })
      .expectCompensating('NO_ROOM')
      .reply()
      .expectCompensated('NO_ROOM');
  });

  test('is refused when nothing is parked', () => {
    finishing().resume().expectRefused('not parked').expectRunning();
  });

  test('twice is refused the second time, and sends nothing more', () => {
    ticketStuck()
      .resume()
      .expectCommand('flights.issue', { attempt: 3 })
      .resume()
      .expectRefused('not parked')
      .expectRunning();
  });
});

describe('force-forward', () => {
  test('counts a stuck step as done by hand, and goes on', () => {
    ticketStuck()
      .operator('force-forward')
      .expectStep('issue ticket', 'do', 'done', 2)
      .expectCommand('customers.farewell')
      .reply()
      .expectCompleted();
  });

  test('counts a stuck undo as done, and undoes the rest', () => {
    undoStuck().operator('force-forward').expectCompensated('NO_ROOM');
    for (const step of ['book flight', 'undo of book flight'])
      undoStuck().operator('force-forward', { step }).expectCompensated('NO_ROOM');
    ticketStuck()
      .operator('force-forward', { step: 'undo of issue ticket' })
      .expectRefused('is not what is stuck');
  });

  test('a step that turns out to have happened by itself is no contradiction', () => {
    ticketStuck()
      .operator('force-forward')
      .expectCommand('customers.farewell')
      .to('flights.issue')
      .reply()
      .expectRunning();
  });

  test('asks for the reply that later steps rely on', () => {
    const noted = withDefaults(holiday, { parkAfterAttempts: 1 });
    const [flight] = noted.steps;
    const saga = {
      ...noted,
      steps: noted.steps.map(step =>
        step.name === 'issue ticket' ? { ...step, do: { ...step.do, reply: flight!.do.reply } } : step,
      ),
    };
    given(saga, aHoliday())
      .expectCommand('flights.book')
      .reply({ airport: 'LIS' })
      .expectCommand('hotels.book')
      .reply()
      .expectCommand('cars.rent')
      .reply()
      .expectCommand('cards.charge')
      .reply()
      .expectCommand('hotels.confirm')
      .reply()
      .expectCommand('flights.issue')
      .refuse('BUSY')
      .operator('force-forward')
      .expectRefused('airport')
      .expectParked('issue ticket: BUSY')
      .operator('force-forward', { reply: { airport: 'LIS' } })
      .expectCommand('customers.farewell');
  });

  test('of several stuck steps one has to be named', () => {
    const both = () => refusedTwice(refusedTwice(finishing(), 'flights.issue'), 'hotels.confirm');
    both()
      .operator('force-forward')
      .expectRefused('several steps are stuck')
      .operator('force-forward', { step: 'say goodbye' })
      .expectRefused('"say goodbye" is not what is stuck')
      .operator('force-forward', { step: 'send voucher' })
      .expectParked('issue ticket: BUSY');
  });

  test('is refused while a step may still be answered', () => {
    finishing().operator('force-forward').expectRefused('not parked').expectRunning();
  });
});

describe('force-undo', () => {
  test('before the pivot everything is undone, what is open too', () => {
    given(impatient, aHoliday())
      .expectCommand('flights.book')
      .reply({ airport: 'LIS' })
      .expectCommand('hotels.book')
      .operator('force-undo')
      .expectCommand('hotels.cancel')
      .reply()
      .expectCommand('flights.cancel')
      .reply()
      .expectTold('customers.apologise', { reason: 'OPERATOR' })
      .expectCompensated('OPERATOR');
  });

  test.each([
    ['while the pivot is on its way', atThePivot],
    ['while the pivot is parked', () => refusedTwice(atThePivot(), 'cards.charge')],
    ['after the pivot', () => finishing()],
    ['while a later step is parked', ticketStuck],
  ])('%s is refused', (_, reached) => {
    const scenario = reached();
    const { state } = scenario.instance;
    scenario.operator('force-undo').expectRefused('"charge card" has been sent');
    expect(scenario.instance.state).toEqual(state);
    scenario.operator('cancel').expectRefused('"charge card" has been sent');
  });

  test('is refused while the saga is being undone already', () => {
    undoStuck()
      .operator('force-undo')
      .expectRefused('being undone already: NO_ROOM')
      .expectParked('undo of book flight: BUSY');
  });
});

test("an operator's cancel is a cancel", () => {
  given(impatient, aHoliday())
    .expectCommand('flights.book')
    .operator('cancel')
    .expectCommand('hotels.book')
    .expectCommand('hotels.cancel')
    .expectCommand('flights.cancel')
    .expectCompensating('CANCELLED');
});

test.each(['retry', 'resume', 'force-forward', 'force-undo', 'cancel'] as const)(
  'a saga that has ended stays as it is: %s is refused',
  action => {
    undoing()
      .reply()
      .operator(action)
      .expectRefused('has ended: it is compensated')
      .expectCompensated('NO_ROOM');
  },
);
