import { stateDirectory } from '@ballast/local';
import { expect, test } from 'vitest';
import { demoArguments } from './demo-arguments.js';

test('what is not said is as usual', () => {
  expect(demoArguments([])).toEqual({
    seconds: 15,
    rate: 20,
    html: `${stateDirectory}/resilience.html`,
    json: null,
  });
});

test.each<[string[], string]>([
  [['--html', '/no/such/folder/page.html'], '--html: there is no folder'],
  [['--html', '/'], '--html: / is a folder'],
])('%j is a clear error before any act', (args, complaint) => {
  expect(() => demoArguments(args)).toThrow(complaint);
});
