import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README shows the examples that the tests run, each whole', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  const shown = [...read('../../README.md').matchAll(/```ts\n([^]*?)\n```/g)].map(([, code]) => code);
  const parts = read('holiday.ts').split('\n\n');
  expect(shown).toEqual(parts.filter(part => /^export const (tried|prepared)Holiday = /.test(part)));
  expect(shown).toHaveLength(2);
});
