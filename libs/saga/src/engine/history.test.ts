import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDefaults } from '../definition/definition.js';
import { aHoliday, holiday } from '../examples/holiday.js';
import { given } from '../testing/index.js';
import { appended, entryOf, happeningsOf } from './history.js';
import type { Instance } from './instance.js';

/** `book flight: sent 2`, with the seconds since the first entry. */
const toldOf = ({ history }: Instance): string[] => {
  const happenings = happeningsOf(history);
  return happenings.map(({ at, step, operation, kind, attempt, note }) =>
    [
      `${(at - happenings[0]!.at) / 1_000}s`,
      step === null ? 'saga' : `${operation === 'undo' ? 'undo of ' : ''}${holiday.steps[step]!.name}`,
      kind,
      ...(attempt > 1 ? [attempt] : []),
      ...(note === null ? [] : [note]),
    ].join(' '),
  );
};

test('everything that happens to a saga stands in its history, in order', () => {
  const { instance } = given(withDefaults(holiday, { attemptsMax: 2, parkAfterAttempts: 2 }), aHoliday())
    .expectCommand('flights.book')
    .reply({ airport: 'LIS' })
    .expectCommand('hotels.book')
    .after(5_000)
    .operator('retry')
    .expectCommand('hotels.book', { attempt: 2 })
    .reject('NO_ROOM')
    .expectCommand('flights.cancel')
    .refuse('BUSY')
    .operator('retry')
    .expectCommand('flights.cancel', { attempt: 2 })
    .after(5_000)
    .expectParked('undo of book flight: TIMEOUT')
    .operator('force-forward');
  expect(toldOf(instance)).toEqual([
    '0s book flight sent',
    '0s book hotel sent',
    '0s book flight done',
    '5s book hotel timed out',
    '5s saga operator an-action',
    '5s book hotel sent 2',
    '5s book hotel rejected NO_ROOM',
    '5s saga compensating NO_ROOM',
    '5s undo of book flight sent',
    '5s undo of book flight refused BUSY',
    '5s saga operator an-action',
    '5s undo of book flight sent 2',
    '10s undo of book flight timed out 2',
    '10s undo of book flight parked TIMEOUT',
    '10s saga operator an-action',
    '10s undo of book flight done by hand',
    '10s saga ended',
  ]);
});

test('the order is that of the log, also when a clock goes back', () => {
  let history = appended('', 1_800_000_000_000, entryOf(0, 's'));
  history = appended(history, 1_799_999_000_000, entryOf(0, 'd') + entryOf(1, 's'));
  history = appended(history, 1_800_000_000_500, entryOf(1, 'd'));
  expect(happeningsOf(history).map(({ step, kind, at }) => [step, kind, at - 1_800_000_000_000])).toEqual([
    [0, 'sent', 0],
    [0, 'done', -1_000_000],
    [1, 'sent', -1_000_000],
    [1, 'done', 500],
  ]);
});

test('what is noted comes back, without what would need escaping', () => {
  const entries = entryOf(12, 'F', { attempt: 345, note: "NO 'WAY'\n" });
  expect(happeningsOf(appended('', 1_800_000_000_000, entries + entryOf(3, 'd')))).toMatchObject([
    { step: 12, operation: 'undo', kind: 'refused', attempt: 345, note: 'NO__WAY__' },
    { step: 3, operation: 'do', kind: 'done', attempt: 1, note: null },
  ]);
});

test('it stays short: what is between the first entries and the last ones is left out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), { minLength: 400, maxLength: 1_500 }), delays => {
      let history = '';
      let now = 1_800_000_000_000;
      for (const [index, delay] of delays.entries()) {
        now += delay;
        history = appended(history, now, entryOf(index % 7, 's', { attempt: index + 1 }));
        expect(history.length).toBeLessThanOrEqual(3_000);
      }
      const told = happeningsOf(history);
      expect(told.filter(({ kind }) => kind === 'left out')).toHaveLength(1);
      const attempts = told.filter(({ kind }) => kind === 'sent').map(({ attempt }) => attempt);
      expect(attempts.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect(attempts.slice(-20)).toEqual(
        Array.from({ length: 20 }, (_, index) => delays.length - 19 + index),
      );
      expect(told.at(-1)?.at).toBe(now);
    }),
    { numRuns: 20 },
  );
});
