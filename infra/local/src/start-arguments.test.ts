import { expect, test } from 'vitest';
import { startArguments } from './start-arguments.js';

test('what is not said is as usual', () => {
  expect(startArguments([])).toEqual({ once: false, json: null, replicas: 1 });
});

test.each<[string[], string]>([
  [['--replicas', '17'], '--replicas: a whole number from 1 to 16, not "17"'],
  [['--json', 'no/such/folder/out.json'], '--json: there is no folder'],
  [['--json', '/'], '--json: / is a folder'],
])('%j is a clear error', (args, complaint) => {
  expect(() => startArguments(args)).toThrow(complaint);
});
