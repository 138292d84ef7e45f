import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README shows the whole example, and nothing else', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  const example = read('trip.test.ts')
    .replace(`'../index.js'`, `'@ballast/saga'`)
    .replace(`'../testing/index.js'`, `'@ballast/saga/testing'`);
  const shown = [...read('../../README.md').matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
  expect(shown).toEqual([example]);
});
