import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let outside: string | undefined;

/** Gives the tests a folder for their temporary files, which goes when they have run. */
export function setup(): void {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-tests-'));
  outside = process.env['TMPDIR'];
  process.env['TMPDIR'] = directory;
}

export function teardown(): void {
  rmSync(process.env['TMPDIR']!, { recursive: true, force: true });
  if (outside === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = outside;
}
