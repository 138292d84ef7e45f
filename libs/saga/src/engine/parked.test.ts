import { test } from 'vitest';
import { type Definition, withDefaults } from '../definition/definition.js';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';

const compensating = (saga: Definition<ReturnType<typeof aHoliday>> = holiday) =>
  given(saga, aHoliday())
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .reply()
    .expectCommand('cars.rent')
    .reject('NO_CAR')
    .expectCommand('flights.cancel')
    .expectCommand('hotels.cancel');

/** Refuses the newest attempt and every one that follows, until the saga is parked. */
function refusedUntilParked(scenario: Scenario, type: string, first: number): Scenario {
  for (let attempt = first; attempt < first + 19; attempt++) {
    scenario
      .to(type, attempt)
      .refuse('BUSY')
      .untilDue()
      .expectCommand(type, { attempt: attempt + 1 });
  }
  return scenario.to(type, first + 19).refuse('BUSY');
}

test('an undo that keeps failing is retried with backoff, then the saga is parked with its reason', () => {
  const scenario = compensating().reply();
  refusedUntilParked(scenario, 'flights.cancel', 1).expectParked('undo of book flight: BUSY');
});

test('a parked saga is never reported as compensated', () => {
  refusedUntilParked(compensating().reply(), 'flights.cancel', 1)
    .after(86_400_000)
    .expectParked('undo of book flight: BUSY');
});

test('a parked saga can be resumed: another round of attempts begins', () => {
  const scenario = refusedUntilParked(compensating().reply(), 'flights.cancel', 1)
    .resume()
    .expectCommand('flights.cancel', { attempt: 21 })
    .expectCompensating('NO_CAR');
  refusedUntilParked(scenario, 'flights.cancel', 21)
    .expectParked('undo of book flight: BUSY')
    .resume()
    .expectCommand('flights.cancel', { attempt: 41 })
    .reply()
    .expectCompensated('NO_CAR');
});

test('a late answer gets a parked saga on without an operator', () => {
  refusedUntilParked(compensating().reply(), 'flights.cancel', 1)
    .to('flights.cancel', 7)
    .reply()
    .expectCompensated('NO_CAR');
});

test('what is beside a parked step goes on', () => {
  compensating(withDefaults(holiday, { parkAfterAttempts: 2 }))
    .to('flights.cancel')
    .refuse('BUSY')
    .untilDue()
    .expectCommand('flights.cancel', { attempt: 2 })
    .refuse('BUSY')
    .expectParked('undo of book flight: BUSY')
    .after(6_000)
    .expectCommand('hotels.cancel', { attempt: 2 })
    .reply()
    .expectStep('book hotel', 'undo', 'done', 2)
    .expectParked('undo of book flight: BUSY');
});

test('a step that must finish and keeps failing is parked, and never undone', () => {
  const scenario = given(holiday, aHoliday())
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .reply()
    .expectCommand('cars.rent')
    .reply()
    .expectCommand('cards.charge')
    .reply()
    .expectCommand('flights.issue')
    .expectCommand('hotels.confirm')
    .reply();
  refusedUntilParked(scenario, 'flights.issue', 1)
    .expectParked('issue ticket: BUSY')
    .cancel()
    .expectParked('issue ticket: BUSY')
    .resume()
    .expectCommand('flights.issue', { attempt: 21 })
    .reply()
    .expectCommand('customers.farewell')
    .reply()
    .expectCompleted();
});

test('an undo that is aborted has failed: only success ends it', () => {
  const scenario = compensating().abort().expectStep('book hotel', 'undo', 'waiting', 1).untilDue();
  scenario.expectCommand('hotels.cancel', { attempt: 2 }).expectCompensating('NO_CAR');
});
