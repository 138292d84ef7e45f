import { test } from 'vitest';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';

const toThePivot = (scenario: Scenario) =>
  scenario
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .reply()
    .expectCommand('cars.rent')
    .reply()
    .expectCommand('cards.charge');

const finished = (scenario: Scenario) =>
  scenario
    .expectCommand('flights.issue')
    .reply()
    .expectCommand('hotels.confirm')
    .reply()
    .expectCommand('customers.farewell')
    .reply()
    .expectCompleted();

test('between the sending of the pivot and its answer a cancel compensates nothing', () => {
  finished(toThePivot(given(holiday, aHoliday())).cancel().expectRunning().reply());
});

test('between the sending of the pivot and its answer the deadline compensates nothing', () => {
  const scenario = toThePivot(given(holiday, aHoliday(), { deadlineMs: 2_000 }))
    .after(4_000)
    .expectRunning();
  finished(scenario.reply());
});

test('an unanswered pivot is sent again for as long as it takes, never given up', () => {
  let scenario = toThePivot(given(holiday, aHoliday()));
  for (let attempt = 2; attempt <= 20; attempt++) {
    scenario = scenario.untilDue().untilDue().expectCommand('cards.charge', { attempt }).expectRunning();
  }
  finished(scenario.reply());
});

test('after the success of the pivot the way is forward only', () => {
  const scenario = toThePivot(given(holiday, aHoliday(), { deadlineMs: 10_000 })).reply();
  finished(scenario.cancel().deadlinePassesUnnoticed().cancel());
});

test('a pivot that keeps failing is parked, and its late rejection still compensates', () => {
  const scenario = toThePivot(given(holiday, aHoliday()));
  for (let attempt = 1; attempt < 20; attempt++) {
    scenario
      .refuse('BUSY')
      .untilDue()
      .expectCommand('cards.charge', { attempt: attempt + 1 });
  }
  scenario
    .refuse('BUSY')
    .expectParked('charge card: BUSY')
    .cancel()
    .expectParked('charge card: BUSY')
    .reject('DECLINED')
    .expectCommand('cars.return')
    .expectCompensating('DECLINED');
});

test('a pivot that was aborted compensates', () => {
  toThePivot(given(holiday, aHoliday())).abort().expectCommand('cars.return').expectCompensating('DEADLINE');
});

test('what must finish is sent again for as long as it takes', () => {
  const scenario = toThePivot(given(holiday, aHoliday())).reply().expectCommand('flights.issue');
  scenario.expectCommand('hotels.confirm').reply();
  for (let attempt = 2; attempt <= 15; attempt++) {
    scenario.untilDue().untilDue().expectCommand('flights.issue', { attempt }).expectRunning();
  }
  scenario.reply().expectCommand('customers.farewell').reply().expectCompleted();
});
