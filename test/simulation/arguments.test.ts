import { expect, test } from 'vitest';
import { argumentsIn } from './arguments.js';
import { protocols } from './world/plan.js';

test('what is not said is as usual', () => {
  expect(argumentsIn([])).toEqual({
    protocols,
    firstSeed: 1,
    seeds: 10_000,
    explore: false,
    statesMax: 1_000_000,
    mutant: null,
  });
});

test('one seed again is one run, with the first and the last seed too', () => {
  expect(argumentsIn(['--seed', '0'])).toMatchObject({ firstSeed: 0, seeds: 1 });
  expect(argumentsIn(['--seed', '4294967295'])).toMatchObject({ firstSeed: 4_294_967_295, seeds: 1 });
});

test.each<[string[], string]>([
  [['--seed', '99999999999999999999'], '--seed: a whole number from 0 to 4294967295'],
  [['--seed', '4294967296'], '--seed: a whole number from 0 to 4294967295'],
  [['--seed', '-1'], '--seed'],
  [['--seed', ''], '--seed: a whole number'],
  [['--seeds', '0'], '--seeds: a whole number from 1'],
  [['--seed', '1', '--seeds', '5'], '--seeds and --seed exclude each other'],
  [['--seed', '1', '--explore'], '--seed and --explore exclude each other'],
  [['--seeds', '5', '--explore'], '--seeds and --explore exclude each other'],
  [['--states-max', '5'], '--states-max is for --explore'],
  [['--protocol', 'tcc', '--mutant', 'event dropped'], '"event dropped" is no mistake that tcc can have'],
])('%j is a clear error, not a run of something else', (args, complaint) => {
  expect(() => argumentsIn(args)).toThrow(complaint);
});
