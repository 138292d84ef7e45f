import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const landed: unknown = JSON.parse(readFileSync(new URL('landed.json', import.meta.url), 'utf8'));

/**
 * A database remembers the text of each migration that it has run, and is refused at the next start when one has changed
 * or is gone. So what is in landed.json stays as it is; whoever adds a migration adds its line there.
 */
test('no migration that a database may have run was changed, renumbered or removed', () => {
  const files = globSync('{libs,services}/*/src/**/*.do.*.sql', { cwd: root })
    .concat(globSync('orchestrator/src/**/*.do.*.sql', { cwd: root }))
    .sort();
  const sums = files.map(file => [
    file,
    createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex'),
  ]);
  expect(Object.fromEntries(sums)).toEqual(landed);
});
