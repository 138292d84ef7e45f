import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled package, for tests that start processes of their own. */
export const library = new URL('../../dist/index.js', import.meta.url).href;

/** Brings it up to date with the sources that the test was read from. */
export function compilePackage(): void {
  const native = createRequire(import.meta.url).resolve('@typescript/native/package.json');
  const compiled = spawnSync(process.execPath, [
    join(native, '../bin/tsc'),
    '-b',
    fileURLToPath(new URL('../../', import.meta.url)),
  ]);
  if (compiled.status !== 0) throw new Error(`the package does not compile:\n${compiled.stdout.toString()}`);
}
