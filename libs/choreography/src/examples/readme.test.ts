import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README shows a whole reaction of the example that the tests run', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  const shown = [...read('../../README.md').matchAll(/```ts\n([^]*?);\n```/g)].map(([, code]) => code);
  const [, list = ''] = /const reactions = \[\n([^]*?),\n\];/.exec(read('lunch.ts')) ?? [];
  const reactions = list.split(/,\n(?= {2}when)/).map(code => code.replaceAll(/^ {2}/gm, ''));
  expect(shown).toHaveLength(1);
  expect(reactions).toContain(shown[0]);
});
