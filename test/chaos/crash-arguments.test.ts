import { expect, test } from 'vitest';
import { crashArguments } from './crash-arguments.js';
import { crashPoints } from './crash-points.js';

test('a word chooses among the crash points by service and moment', () => {
  const { points, protocols } = crashArguments([]);
  expect(points).toEqual(crashPoints(protocols));
  expect(crashArguments(['--only', 'payment rows sent']).points).toMatchObject([
    { service: 'payment', moment: 'rows sent' },
  ]);
});

test.each([
  [['--only', 'nothinglikethis']],
  // A moment that comes under another protocol only.
  [['--only', 'branch prepared', '--protocol', 'tcc']],
])('%j chooses none, and is refused with the names that there are', args => {
  expect(() => crashArguments(args)).toThrow(
    /^--only: no crash point contains ".+"; the services are order, .*, the moments lanes claimed, /,
  );
});
