import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const argv = process.argv;
let directory: string;
let printed: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'reset-'));
  writeFileSync(join(directory, 'ports.json'), '{}');
  mkdirSync(join(directory, 'logs'));
  vi.stubEnv('BALLAST_DIRECTORY', directory);
  printed = '';
  const note = (text: unknown) => (printed += String(text)).length > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation(note);
  vi.spyOn(console, 'log').mockImplementation(note);
});
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** The command itself is what the module does. */
async function reset(...words: string[]) {
  process.argv = ['node', 'reset', ...words];
  vi.spyOn(process, 'exit').mockImplementation(code => {
    throw new Error(`exit ${code}`);
  });
  vi.resetModules();
  await import('./reset.js');
}

test.each([
  [['--help'], 0],
  [['--dry-run'], 2],
  [['logs'], 2],
])('%j says how it is used, and deletes nothing', async (words, code) => {
  await expect(reset(...words)).rejects.toThrow(`exit ${code}`);
  expect(printed).toContain('npm run reset\n');
  expect(existsSync(join(directory, 'ports.json'))).toBe(true);
  expect(existsSync(join(directory, 'logs'))).toBe(true);
});

test('without arguments everything is deleted', async () => {
  await reset();
  expect(printed).toContain('are gone');
  expect(existsSync(join(directory, 'ports.json'))).toBe(false);
  expect(existsSync(join(directory, 'logs'))).toBe(false);
});
