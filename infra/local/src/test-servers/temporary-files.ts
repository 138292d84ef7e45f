import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the tests a folder for their temporary files, which goes when they have run. */
export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-tests-'));
  process.env['TMPDIR'] = directory;
  // Of several projects each has one inside another's; whatever TMPDIR is by then, it is this one that goes.
  return () => rmSync(directory, { recursive: true, force: true });
}
