import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README shows the examples that the tests run', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/^ +/gm, '');
  const shown = [...read('../../README.md').matchAll(/```ts\n([^]*?)\n```/g)].map(([, code]) => code!);
  expect(shown).toHaveLength(2);
  for (const code of shown) expect(read('holiday.ts')).toContain(code);
});
