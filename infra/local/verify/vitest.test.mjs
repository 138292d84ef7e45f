import { expect, test } from 'vitest';
import { countResults, listFailures } from './vitest.mjs';

const file = (status, ...tests) => ({ status, assertionResults: tests.map(status => ({ status })) });
const report = (numPassedTests, numFailedTests, ...testResults) => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

test('tests that passed and failed are counted', () => {
  expect(countResults(report(2, 0, file('passed', 'passed', 'passed')), 0)).toEqual({ passed: 2, failed: 0 });
  expect(countResults(report(1, 1, file('failed', 'passed', 'failed')), 1)).toEqual({ passed: 1, failed: 1 });
});

test('a file that could not be loaded counts as one failure', () => {
  expect(countResults(report(1, 0, file('passed', 'passed'), file('failed')), 1)).toEqual({
    passed: 1,
    failed: 1,
  });
});

test('a file whose tear-down failed counts as one failure', () => {
  expect(countResults(report(1, 0, file('failed', 'passed')), 1)).toEqual({ passed: 1, failed: 1 });
});

test('a run that failed for no reason of its tests has failed', () => {
  expect(countResults(report(3, 0, file('passed', 'passed')), 1)).toEqual({ passed: 3, failed: 1 });
  expect(countResults(null, 1)).toEqual({ passed: 0, failed: 1 });
  expect(countResults(null, 0)).toEqual({ passed: 0, failed: 1 });
});

test('each failure is listed with its file, its name and the beginning of its message', () => {
  const longMessage = [
    '\u001b[31mAssertionError\u001b[39m: expected 1 to be 2',
    ...Array(30).fill('at x'),
  ].join('\n');
  const failures = listFailures(
    {
      testResults: [
        {
          name: '/clone/libs/a.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'adds', failureMessages: [] },
            { status: 'failed', fullName: 'sums numbers', failureMessages: [longMessage] },
          ],
        },
        { name: '/clone/libs/b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
        { name: '/clone/libs/c.test.ts', status: 'passed', message: '', assertionResults: [] },
      ],
    },
    '/clone',
  );
  expect(failures).toHaveLength(2);
  expect(failures[0].split('\n').slice(0, 2)).toEqual([
    'libs/a.test.ts > sums numbers',
    '    AssertionError: expected 1 to be 2',
  ]);
  expect(failures[0].split('\n').length).toBeLessThan(20);
  expect(failures[1]).toBe('libs/b.test.ts\n    no such module');
});

test('without a report the list says so', () => {
  expect(listFailures(null, '/clone')).toEqual(['the tests wrote no report']);
});
