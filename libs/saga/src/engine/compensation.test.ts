import { test } from 'vitest';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';

const bothBooked = (scenario: Scenario) =>
  scenario
    .expectCommand('flights.book')
    .expectCommand('hotels.book')
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' });

const toThePivot = (scenario: Scenario) =>
  bothBooked(scenario).expectCommand('cars.rent').reply().expectCommand('cards.charge');

const bothCancelled = (scenario: Scenario) =>
  scenario.expectCommand('flights.cancel').reply().expectCommand('hotels.cancel').reply();

test('a rejection before the pivot undoes what was done, in reverse, and independent steps in parallel', () => {
  const scenario = bothBooked(given(holiday, aHoliday()))
    .expectCommand('cars.rent')
    .reject('NO_CAR')
    .expectCommand('flights.cancel', { data: {} })
    .expectCommand('hotels.cancel', { data: { guest: 'ada' } })
    .reply()
    .expectCompensating('NO_CAR')
    .to('flights.cancel')
    .reply()
    .expectCompensated('NO_CAR');
  scenario.expectStep('rent car', 'do', 'rejected');
});

test('an earlier stage is undone only after every undo of a later stage was answered', () => {
  const scenario = toThePivot(given(holiday, aHoliday()))
    .reject('DECLINED')
    .expectCommand('cars.return')
    .expectCompensating('DECLINED')
    .reply();
  bothCancelled(scenario).expectCompensated('DECLINED');
});

test('what a compensated saga has to tell is told once', () => {
  const scenario = bothBooked(given(holiday, aHoliday())).expectCommand('cars.rent').reject('NO_CAR');
  bothCancelled(scenario)
    .expectTold('customers.apologise', { reason: 'NO_CAR' })
    .to('flights.cancel')
    .reply()
    .expectCompensated('NO_CAR');
});

test('a rejected pivot compensates', () => {
  const scenario = toThePivot(given(holiday, aHoliday()))
    .reject('DECLINED')
    .expectCommand('cars.return')
    .reply();
  bothCancelled(scenario).expectCompensated('DECLINED');
});

test('a step that stays unanswered after its last attempt is unknown, not failed: it is undone too', () => {
  const scenario = bothBooked(given(holiday, aHoliday()))
    .expectCommand('cars.rent', { attempt: 1 })
    .after(6_000)
    .expectCommand('cars.rent', { attempt: 2 })
    .after(6_000)
    .expectCommand('cars.rent', { attempt: 3 })
    .after(5_000)
    .expectStep('rent car', 'do', 'unknown', 3)
    .expectCommand('cars.return')
    .expectCompensating('TIMEOUT')
    .reply();
  bothCancelled(scenario).expectCompensated('TIMEOUT');
});

test('a step that is open beside a rejected one is unknown: it is undone without waiting for its answer', () => {
  given(holiday, aHoliday())
    .expectCommand('flights.book')
    .expectCommand('hotels.book')
    .reject('NO_ROOM')
    .expectCommand('flights.cancel')
    .reply()
    .expectCompensated('NO_ROOM');
});

test('a cancel before the pivot compensates, and what is open is undone too', () => {
  const scenario = bothBooked(given(holiday, aHoliday()))
    .expectCommand('cars.rent')
    .cancel()
    .expectCommand('cars.return')
    .reply();
  bothCancelled(scenario).expectCompensated('CANCELLED');
});

test('a second cancel changes nothing', () => {
  bothBooked(given(holiday, aHoliday()))
    .expectCommand('cars.rent')
    .reject('NO_CAR')
    .cancel()
    .expectCommand('flights.cancel')
    .expectCommand('hotels.cancel')
    .expectCompensating('NO_CAR');
});

test('the deadline before the pivot compensates', () => {
  const scenario = bothBooked(given(holiday, aHoliday(), { deadlineMs: 3_000 }))
    .expectCommand('cars.rent')
    .after(3_000)
    .expectCommand('cars.return')
    .reply();
  bothCancelled(scenario).expectCompensated('DEADLINE');
});

test('the pivot is not sent any more once the deadline has passed, even if its timer is late', () => {
  const scenario = bothBooked(given(holiday, aHoliday(), { deadlineMs: 3_000 }))
    .expectCommand('cars.rent')
    .deadlinePassesUnnoticed()
    .reply()
    .expectCommand('cars.return')
    .reply();
  bothCancelled(scenario).expectCompensated('DEADLINE');
});

test('a saga that starts after its deadline is compensated without a step', () => {
  given(holiday, aHoliday(), { deadlineMs: 0 })
    .expectTold('customers.apologise', { reason: 'DEADLINE' })
    .expectCompensated('DEADLINE');
});

test('an aborted step of a running saga is a rejection for the deadline that needs no undo', () => {
  const scenario = bothBooked(given(holiday, aHoliday())).expectCommand('cars.rent').abort();
  bothCancelled(scenario).expectStep('rent car', 'do', 'aborted').expectCompensated('DEADLINE');
});

test('an aborted step of a compensating saga is absorbed', () => {
  given(holiday, aHoliday())
    .expectCommand('flights.book')
    .cancel()
    .expectCommand('hotels.book')
    .expectCommand('flights.cancel')
    .expectCommand('hotels.cancel')
    .reply()
    .to('hotels.book')
    .abort()
    .to('flights.book')
    .abort()
    .expectCompensating('CANCELLED')
    .to('flights.cancel')
    .reply()
    .expectCompensated('CANCELLED');
});

test('a step that turns out to be rejected before its undo was sent needs none', () => {
  given(holiday, aHoliday())
    .expectCommand('flights.book')
    .expectCommand('hotels.book')
    .reject('NO_ROOM')
    .expectCommand('flights.cancel')
    .to('flights.book')
    .reject('FULL')
    .expectCompensating('NO_ROOM')
    .to('flights.cancel')
    .reply()
    .expectCompensated('NO_ROOM');
});

test('an undo that is not answered is sent again with backoff, and has no last attempt', () => {
  let scenario = bothBooked(given(holiday, aHoliday()))
    .expectCommand('cars.rent')
    .reject('NO_CAR')
    .expectCommand('flights.cancel', { attempt: 1 })
    .expectCommand('hotels.cancel')
    .reply();
  for (let attempt = 2; attempt <= 20; attempt++) {
    scenario = scenario.untilDue().untilDue().expectCommand('flights.cancel', { attempt });
  }
  scenario.expectCompensating('NO_CAR').reply().expectCompensated('NO_CAR');
});
