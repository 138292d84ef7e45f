import { cloneRoot, newRunDirectory, removeRunDirectory } from '@ballast/local';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const directory = await newRunDirectory();
const before = readdirSync(directory);
afterAll(() => removeRunDirectory(directory));

/** Those that change or read what is kept, by the name that the bootstrap knows, and their scripts. */
const commands = {
  start: 'npm start',
  reset: 'npm run reset',
  check: 'npm run check',
  'dead-letters': 'npm run dead-letters',
};

describe.each(Object.entries(commands))('%s', (name, script) => {
  test('--help is the usage on stdout, and nothing else is', async () => {
    const { code, stdout } = await run(name, '--help');
    expect(stdout.startsWith(script)).toBe(true);
    expect(code).toBe(0);
  });

  test('an option that it does not have is refused before anything is done', async () => {
    const { code, stdout, stderr } = await run(name, '--no-such-option');
    expect(stderr).toContain('--no-such-option');
    expect(stderr).toContain(`\n${script}`);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(readdirSync(directory)).toEqual(before);
  });
});

/** A command without npm, on a folder of its own. */
async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(cloneRoot, 'infra/local/bootstrap.mjs'), ...args], {
    cwd: cloneRoot,
    env: { ...process.env, BALLAST_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', text => (printed[name] += String(text)));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, ...printed };
}
