import { expect, test } from 'vitest';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';
import { advance, start } from './advance.js';

const bothSent = () => given(holiday, aHoliday()).expectCommand('flights.book').expectCommand('hotels.book');

const bothCancelled = (scenario: Scenario) =>
  scenario.expectCommand('flights.cancel').reply().expectCommand('hotels.cancel').reply();

test('a definite answer to any attempt settles a step that is still open', () => {
  bothSent()
    .reply()
    .after(6_000)
    .expectCommand('flights.book', { attempt: 2 })
    .to('flights.book', 1)
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent', { data: { at: 'LIS' } })
    .expectRunning();
});

test('a definite answer that comes while the next attempt is waited for settles the step', () => {
  bothSent()
    .reply()
    .after(5_000)
    .expectStep('book flight', 'do', 'waiting')
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .after(1_000)
    .expectRunning();
});

test('an answer that comes twice is taken once', () => {
  const scenario = bothSent()
    .reply()
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .reject('NO_CAR')
    .reject('NO_CAR');
  bothCancelled(scenario).reply().expectCompensated('NO_CAR');
});

test('a late success of an unknown step sends no second undo', () => {
  bothSent()
    .reject('NO_ROOM')
    .expectCommand('flights.cancel')
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCompensating('NO_ROOM')
    .to('flights.cancel')
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCompensated('NO_ROOM');
});

test('a late success of a step that was reported as aborted sends its undo, and is an alarm', () => {
  const scenario = bothSent()
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .abort()
    .reply()
    .expectAlarm('CONTRADICTING_ANSWERS', 'rent car');
  bothCancelled(scenario).expectCommand('cars.return').expectCompensating('DEADLINE').reply();
  scenario.expectCompensated('DEADLINE');
});

test('a late success after the end sends the undo even then, and the saga stays compensated', () => {
  const scenario = bothSent()
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .reject('NO_CAR');
  bothCancelled(scenario)
    .to('cars.rent')
    .reply()
    .reply()
    .expectAlarm('CONTRADICTING_ANSWERS', 'rent car')
    .expectCommand('cars.return')
    .expectCompensated('NO_CAR')
    .reply()
    .expectStep('rent car', 'undo', 'done')
    .expectCompensated('NO_CAR');
});

test('two different definite answers for one step are an alarm, and the first one counts', () => {
  bothSent()
    .reply()
    .reject('NO_ROOM')
    .expectAlarm('CONTRADICTING_ANSWERS', 'book hotel')
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .reply({ airport: 'OPO' })
    .expectAlarm('CONTRADICTING_ANSWERS', 'book flight')
    .expectCommand('cars.rent', { data: { at: 'LIS' } })
    .expectRunning();
});

test('a success of a rejected pivot is an alarm, and changes nothing', () => {
  bothSent()
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .reply()
    .expectCommand('cards.charge')
    .reject('DECLINED')
    .reply()
    .expectAlarm('CONTRADICTING_ANSWERS', 'charge card')
    .expectStep('charge card', 'do', 'rejected')
    .expectCommand('cars.return')
    .expectCompensating('DECLINED');
});

test('an attempt that is aborted because the undo came first contradicts nothing', () => {
  const scenario = bothSent()
    .reply()
    .after(6_000)
    .expectCommand('flights.book', { attempt: 2 })
    .to('flights.book', 1)
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .reject('NO_CAR');
  bothCancelled(scenario).to('flights.book', 2).abort().expectCompensated('NO_CAR');
});

test('an earlier success that is overtaken by an attempt aborted after the undo contradicts nothing', () => {
  const scenario = bothSent()
    .reply()
    .after(6_000)
    .expectCommand('flights.book', { attempt: 2 })
    .cancel()
    .expectCommand('flights.cancel');
  scenario
    .to('flights.book', 2)
    .abort()
    .to('flights.book', 1)
    .reply({ airport: 'LIS' })
    .to('flights.cancel')
    .reply()
    .expectCommand('hotels.cancel')
    .reply()
    .expectCompensated('CANCELLED');
});

test('a reply whose keys come back in another order is the same reply', () => {
  const answered = (reply: unknown) =>
    ({
      kind: 'answered',
      step: 'book hotel',
      operation: 'do',
      attempt: 1,
      answer: { outcome: 'done', reply },
    }) as const;
  const begun = start(holiday, { id: '1', input: aHoliday(), deadlineAt: null }, 0).instance;
  const once = advance(holiday, begun, answered({ a: 1, b: [2, { c: 3, d: 4 }] }), 1).instance;
  expect(advance(holiday, once, answered({ b: [2, { d: 4, c: 3 }], a: 1 }), 2).effects).toEqual([]);
  expect(advance(holiday, once, answered({ b: [{ d: 4, c: 3 }, 2], a: 1 }), 2).effects).toHaveLength(1);
});

test('an answer to something that was never sent is an alarm, and changes nothing', () => {
  const { instance } = start(holiday, { id: '1', input: aHoliday(), deadlineAt: null }, 0);
  const answer = { outcome: 'done', reply: {} } as const;
  for (const [step, operation] of [
    ['rent car', 'do'],
    ['book hotel', 'undo'],
    ['no such step', 'do'],
  ] as const) {
    const advanced = advance(holiday, instance, { kind: 'answered', step, operation, attempt: 1, answer }, 1);
    expect(advanced.instance).toBe(instance);
    expect(advanced.effects).toMatchObject([{ kind: 'alarm', alarm: 'ANSWER_TO_NOTHING', step }]);
  }
});
