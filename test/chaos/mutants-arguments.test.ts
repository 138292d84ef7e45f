import { expect, test } from 'vitest';
import { mutants } from './mutant-list.js';
import { mutantsArguments } from './mutants-arguments.js';

test('all mutants and the control run, unless told otherwise', () => {
  expect(mutantsArguments([])).toEqual({ withControl: true, chosen: mutants, json: null });
});

test('a word chooses among them', () => {
  expect(mutantsArguments(['--only', 'control'])).toMatchObject({ withControl: true, chosen: [] });
  const { withControl, chosen } = mutantsArguments(['--only', 'inbox']);
  expect(withControl).toBe(false);
  expect(chosen.map(({ name }) => name)).toEqual(['inbox off: a double is handled like a new message']);
});

test('a word that chooses none is refused, with the names that there are', () => {
  const asked = () => mutantsArguments(['--only', 'nothinglikethis']);
  expect(asked).toThrow('--only: no mutant\'s name contains "nothinglikethis"; there are "control", ');
  expect(asked).toThrow(mutants.at(-1)!.name);
});
