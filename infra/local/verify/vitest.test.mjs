import { expect, test } from 'vitest';
import { countResults } from './vitest.mjs';

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
