import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDatabase } from './testing/own-database.js';
import { compilePackage, library } from './testing/compiled.js';
import { folder } from './testing/folder.js';

test('the example of the README runs', async () => {
  compilePackage();
  const { url, drop } = await createDatabase();
  const [, example] =
    /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8')) ?? [];
  const place = folder({
    'notes.ts': String(example)
      .replace(`'@ballast/platform'`, `'${library}'`)
      .replace(`'zod'`, `'${import.meta.resolve('zod')}'`),
    'package.json': '{ "type": "module" }',
  });
  const files = {
    'migrations/001.do.notes.sql': 'CREATE TABLE note (text text)',
    'queries/save-notes.sql': 'INSERT INTO note SELECT unnest($1::text[])',
    'queries/count-notes.sql': 'SELECT count(*) FROM note',
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(new URL('./', new URL(file, place)), { recursive: true });
    writeFileSync(new URL(file, place), text);
  }
  const run = spawnSync(process.execPath, ['notes.ts'], { cwd: place, env: { DATABASE_URL: url } });
  await drop();
  expect(run.stderr.toString()).toBe('');
  expect(JSON.parse(run.stdout.toString().trim().split('\n').at(-1) ?? '')).toMatchObject({
    msg: 'notes are kept',
    count: 2,
  });
});
