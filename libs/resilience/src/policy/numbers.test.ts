import { expect, test } from 'vitest';
import { checkNumbers } from './numbers.js';

test.each([
  ['a time, from 1 ms', [1, 2.5, 2 ** 31 - 1], [0, -1, 0.9, 1e-9]],
  ['from 0.001', [0.001, 50], [0, 1e-320, -1]],
  ['0 or more', [0, 0.5], [-0.1]],
  ['1 or more', [1, 1.5], [0.9, 0]],
  ['whole, from 1', [1, 500], [0, 1.5]],
  ['whole, from 0', [0, 500], [-1, 0.5]],
  ['above 0, at most 1', [0.01, 1], [0, 50]],
] as const)('a number that has to be %s', (rule, good, bad) => {
  const check = (value: number) => () => checkNumbers('retry', { baseMs: value }, rule);
  for (const value of good) expect(check(value)).not.toThrow();
  for (const value of [...bad, NaN]) {
    expect(check(value)).toThrow(new RangeError(`retry: baseMs is ${value}; it has to be ${rule}`));
  }
  // A timer of 2^31 milliseconds is over at once.
  for (const value of [2 ** 31, 1e308, Infinity]) expect(check(value)).toThrow(RangeError);
});

test.each<[unknown, string]>([
  ['100', "'100'"],
  [true, 'true'],
  [[100], '[ 100 ]'],
  [100n, '100n'],
  [null, 'null'],
  [undefined, 'undefined'],
])('%s is no number', (value, shown) => {
  expect(() => checkNumbers('timeout', { timeoutMs: value as number }, 'a time, from 1 ms')).toThrow(
    new RangeError(`timeout: timeoutMs is ${shown}; it has to be a number`),
  );
});
