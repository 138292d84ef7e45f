import { expect, test } from 'vitest';
import { defaultLimits, lacking } from './limits.js';
import { checkArguments } from './check-arguments.js';

const found = { completed: 100, cancelled: 3, undone: 100, faults: 0 };

test('too few orders of a kind prove nothing', () => {
  expect(lacking(['completed'], found, defaultLimits)).toBeNull();
  expect(lacking(['completed', 'cancelled'], found, defaultLimits)).toBe(
    '3 orders cancelled, at least 5 needed',
  );
});

test('too few faults prove nothing, where faults are asked for', () => {
  expect(lacking([], found, { ...defaultLimits, faultsMin: 1 })).toBe('0 faults injected, at least 1 needed');
});

test('the limits can be set on the command line, times in seconds', () => {
  const { limits, json } = checkArguments(['--completed-min', '1000', '--ends-within', '90']);
  expect(limits).toEqual({ ...defaultLimits, completedMin: 1_000, endsWithinMs: 90_000 });
  expect(json).toBeNull();
  expect(() => checkArguments(['--undone-min', 'few'])).toThrow('--undone-min: a whole number');
});

test.each([['/nonexistent/x'], ['/']])('%s is refused as --json before anything is judged', path => {
  expect(() => checkArguments(['--json', path])).toThrow('--json: ');
});
