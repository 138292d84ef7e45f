import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README shows a reaction of the example that the tests run', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/^ +/gm, '');
  const [, code = 'nothing'] = /```ts\n([^]*?);\n```/.exec(read('../../README.md')) ?? [];
  expect(read('lunch.ts')).toContain(code);
});
