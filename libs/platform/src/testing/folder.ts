import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A folder with these files; its URL ends with a slash. */
export function folder(files: Record<string, string>, name = 'sql files'): URL {
  const path = join(mkdtempSync(join(tmpdir(), 'ballast-')), name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return pathToFileURL(`${path}/`);
}
