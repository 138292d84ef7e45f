import { command, Nothing } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { withDefaults } from '../definition/definition.js';
import { saga } from '../definition/saga.js';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given, type Scenario } from '../testing/index.js';
import { advance, start } from './advance.js';
import { stepsOf } from './instance.js';

const booked = (scenario: Scenario) =>
  scenario
    .expectCommand('flights.book')
    .expectCommand('hotels.book')
    .reply()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .reply();

const charged = (scenario: Scenario) => booked(scenario).expectCommand('cards.charge').reply();

test('steps of one stage are sent together, and the next stage when all of them are done', () => {
  given(holiday, aHoliday())
    .expectCommand('flights.book', { data: { traveller: 'ada' } })
    .expectCommand('hotels.book', { data: { guest: 'ada' } })
    .expectNothing()
    .reply()
    .expectNothing()
    .to('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent', { data: { at: 'LIS' } })
    .expectRunning();
});

test('a saga whose every step is done has completed', () => {
  charged(given(holiday, aHoliday()))
    .expectCommand('flights.issue')
    .expectCommand('hotels.confirm')
    .reply()
    .expectRunning()
    .to('flights.issue')
    .reply()
    .expectCommand('customers.farewell')
    .reply()
    .expectCompleted();
});

test('a saga without a pivot has completed when its last step is done', () => {
  const tidy = saga('tidy', { version: 1, input: z.object({}) }).undoable('sweep', {
    do: command('house.sweep', { data: Nothing, reply: Nothing }),
    with: () => ({}),
    undo: command('house.litter', { data: Nothing, reply: Nothing }),
  });
  given(tidy, {}).expectCommand('house.sweep').reply().expectCompleted();
});

test('the deadline travels with what is done before the pivot, equal on every attempt, and with nothing else', () => {
  const deadlineAt = Date.UTC(2026, 0, 1, 12) + 60_000;
  const scenario = given(holiday, aHoliday(), { deadlineMs: 60_000 })
    .expectCommand('flights.book', { deadlineAt })
    .expectCommand('hotels.book', { deadlineAt })
    .reply()
    .after(6_000)
    .expectCommand('flights.book', { attempt: 2, deadlineAt })
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent', { deadlineAt })
    .reply()
    .expectCommand('cards.charge', { deadlineAt: null })
    .reject('DECLINED')
    .expectCommand('cars.return', { deadlineAt: null });
  scenario.reply().expectCommand('flights.cancel', { deadlineAt: null });
});

test('an unanswered step is sent again with backoff, and the time of its next attempt is in the state', () => {
  const scenario = given(holiday, aHoliday())
    .expectCommand('flights.book', { attempt: 1 })
    .expectCommand('hotels.book')
    .reply()
    .after(5_000)
    .expectNothing()
    .expectStep('book flight', 'do', 'waiting', 1);
  const [flight] = stepsOf(scenario.instance.state);
  if (flight?.do.is !== 'waiting') throw new Error('the flight does not wait');
  const waitMs = flight.do.dueAt - scenario.now;
  expect(waitMs).toBeGreaterThanOrEqual(100);
  expect(waitMs).toBeLessThanOrEqual(200);
  scenario
    .untilDue()
    .expectCommand('flights.book', { attempt: 2, data: { traveller: 'ada' } })
    .expectStep('book flight', 'do', 'sent', 2)
    .expectRunning();
});

test('every attempt carries the same data, whatever was answered beside it in the meantime', () => {
  const step = (type: 'a.do' | 'b.do') => ({
    do: command(type, { data: z.object({ seen: z.array(z.string()) }), reply: Nothing }),
    with: (_: unknown, done: object) => ({ seen: Object.keys(done) }),
    undo: command(`${type}.undo`, { data: Nothing, reply: Nothing }),
  });
  given(saga('pair', { version: 1, input: z.object({}) }).undoable({ a: step('a.do'), b: step('b.do') }), {})
    .expectCommand('a.do', { data: { seen: [] } })
    .expectCommand('b.do')
    .reply()
    .after(6_000)
    .expectCommand('a.do', { attempt: 2, data: { seen: [] } })
    .expectRunning();
});

test('a transient refusal of the newest attempt is tried again, one of an older attempt is ignored', () => {
  given(holiday, aHoliday())
    .expectCommand('flights.book')
    .expectCommand('hotels.book')
    .reply()
    .to('flights.book')
    .refuse('BUSY')
    .expectStep('book flight', 'do', 'waiting', 1)
    .untilDue()
    .expectCommand('flights.book', { attempt: 2 })
    .to('flights.book', 1)
    .refuse('BUSY')
    .expectStep('book flight', 'do', 'sent', 2)
    .to('flights.book', 2)
    .reply({ airport: 'LIS' })
    .expectCommand('cars.rent')
    .expectRunning();
});

test('the same instance, event and time give the same answer, and nothing that was handed in is changed', () => {
  const now = Date.UTC(2026, 0, 1);
  const { instance } = start(holiday, { id: '1', input: aHoliday(), deadlineAt: null }, now);
  const before = JSON.stringify(instance);
  const event = { kind: 'timer' } as const;
  const once = advance(holiday, instance, event, now + 5_000);
  const twice = advance(holiday, instance, event, now + 5_000);
  expect(once).toEqual(twice);
  expect(once.instance).not.toBe(instance);
  expect(JSON.stringify(instance)).toBe(before);
});

test('an event that changes nothing returns the very same instance, so that nothing has to be stored', () => {
  const now = Date.UTC(2026, 0, 1);
  const { instance } = start(holiday, { id: '1', input: aHoliday(), deadlineAt: null }, now);
  expect(advance(holiday, instance, { kind: 'timer' }, now + 1).instance).toBe(instance);
  expect(advance(holiday, instance, { kind: 'timer' }, now + 1).instance).toBe(instance);
});

test('an instance is not advanced with another definition, or another version of its own', () => {
  const { instance } = start(holiday, { id: '1', input: aHoliday(), deadlineAt: null }, 0);
  const newer = { ...withDefaults(holiday, {}), version: 2 };
  expect(() => advance(newer, instance, { kind: 'timer' }, 1)).toThrow('holiday 1 was advanced as holiday 2');
});

test('a sentence in which a command is sent with data that it does not know is not true', () => {
  const count = command('a.count', { data: z.object({ n: z.int() }), reply: Nothing });
  const wrong = saga('wrong', { version: 1, input: Nothing }).pivot('count', {
    do: count,
    with: () => ({ n: 'three' }) as never,
  });
  expect(() => given(wrong, {}).expectCommand('a.count')).toThrow('no data of a.count');
});
