import { newRunDirectory, removeRunDirectory } from '@ballast/local';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mutants } from '../chaos/mutant-list.js';
import { mutatedTree } from '../chaos/mutated-tree.js';
import { rules } from '../invariants/rules/rules.js';

// The mutants themselves run for minutes: `npm run test:mutants`. Here is what would keep them from running at all.

const directory = await newRunDirectory();
afterAll(() => removeRunDirectory(directory));

test('every mutant fits the product as it is compiled now', () => {
  const tree = join(directory, 'tree');
  mutatedTree(
    tree,
    mutants.flatMap(({ patches }) => patches),
  );
  for (const { file, replace } of mutants.flatMap(({ patches }) => patches))
    expect(readFileSync(join(tree, file), 'utf8')).toContain(replace);
  // Else the original would run, and nothing be proved.
  expect(realpathSync(join(tree, 'node_modules/@ballast/messaging'))).toBe(
    realpathSync(join(tree, 'libs/messaging')),
  );
});

test.each([
  ['a place that is not there', { find: 'no such code', replace: '' }],
  ['a place that is there more than once', { find: 'const', replace: 'let' }],
])('%s is refused', (_, patch) => {
  const tree = join(directory, patch.replace);
  const file = 'libs/messaging/dist/participant/barrier.js';
  expect(() => mutatedTree(join(tree, 'refused'), [{ file, ...patch }])).toThrow(`${file} cannot be mutated`);
});

test('every mutant names an invariant that is judged', () => {
  const names = rules.map(({ name }) => name);
  for (const { caughtBy } of mutants) expect(names).toContain(caughtBy);
});
