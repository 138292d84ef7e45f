import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the example of the README runs', () => {
  const compiler = join(
    createRequire(import.meta.url).resolve('@typescript/native/package.json'),
    '../bin/tsc',
  );
  const compiled = spawnSync(process.execPath, [
    compiler,
    '-b',
    fileURLToPath(new URL('../', import.meta.url)),
  ]);
  expect(compiled.status, compiled.stdout.toString()).toBe(0);

  const [, example = ''] =
    /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8')) ?? [];
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(15);
  const file = join(mkdtempSync(join(tmpdir(), 'ballast-')), 'example.mts');
  const library = new URL('../dist/index.js', import.meta.url).href;
  writeFileSync(file, example.replace(`'@ballast/resilience'`, `'${library}'`));
  const run = spawnSync(process.execPath, [file]);
  expect([run.stdout.toString(), run.status]).toEqual(['label on attempt 3, breaker closed\n', 0]);
});
