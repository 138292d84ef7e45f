import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { commandArguments, fileFor, fileOrNone, listOf, oneOf, pathFrom, wholeNumber } from './arguments.js';

const folder = mkdtempSync(join(tmpdir(), 'arguments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const argv = process.argv;
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs it with these words, and says what it printed and how it ended. */
function run(words: readonly string[], read: (words: string[]) => unknown) {
  process.argv = ['node', 'command', ...words];
  const printed: string[] = [];
  const note = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation(note);
  vi.spyOn(process, 'exit').mockImplementation(code => {
    throw new Error(`exit ${code}`);
  });
  try {
    return { value: commandArguments('npm run it', read), printed };
  } catch (error) {
    return { exit: (error as Error).message, printed };
  }
}

test('a command gets what was asked for', () => {
  expect(run(['--orders', '3'], words => words)).toEqual({ value: ['--orders', '3'], printed: [] });
});

test('--help is the usage, whatever else is said', () => {
  expect(run(['--wrong', '--help'], () => null)).toEqual({ exit: 'exit 0', printed: ['npm run it\n'] });
});

test('what is wrong is said in a line before the usage', () => {
  const read = () => wholeNumber('orders', 'many');
  expect(run([], read)).toEqual({
    exit: 'exit 2',
    printed: ['--orders: a whole number of 1 or more, not "many"\n\nnpm run it\n'],
  });
});

test.each(['0', '-1', '1.5', '1e3', '0x10', ' 7', '', '9007199254740993'])(
  '"%s" is no number of orders',
  text => {
    expect(() => wholeNumber('orders', text)).toThrow('--orders: a whole number of 1 or more');
  },
);

test('lists and choices are read part by part', () => {
  expect(listOf('64,512', text => wholeNumber('in-flight', text))).toEqual([64, 512]);
  expect(oneOf('through', ['http', 'batch'], 'batch')).toBe('batch');
  expect(() => oneOf('through', ['http', 'batch'], 'mail')).toThrow('--through: http or batch, not "mail"');
});

test('a file is where the caller says, and its folder has to be there', () => {
  vi.stubEnv('BALLAST_CALLED_FROM', '/');
  expect(fileFor('json', 'out.json')).toBe('/out.json');
  expect(fileOrNone('json', undefined)).toBeNull();
  expect(() => fileFor('json', 'no-such-folder/out.json')).toThrow(
    '--json: there is no folder /no-such-folder',
  );
});

test('a file that is only read may be missing: whoever reads it says so', () => {
  vi.stubEnv('BALLAST_CALLED_FROM', '/');
  expect(pathFrom('no-such-folder/in.json')).toBe('/no-such-folder/in.json');
});

test('what cannot be written as a file is refused at once', () => {
  vi.stubEnv('BALLAST_CALLED_FROM', folder);
  mkdirSync(join(folder, 'results'));
  writeFileSync(join(folder, 'old.json'), '{}');
  expect(fileFor('json', 'old.json')).toBe(join(folder, 'old.json'));
  expect(() => fileFor('json', 'results')).toThrow(`--json: ${join(folder, 'results')} is a folder`);
  expect(() => fileFor('html', '.')).toThrow(`--html: ${folder} is a folder`);
  expect(() => fileFor('json', 'old.json/new.json')).toThrow('--json: there is no folder');
});

test('so is a place where we may not write; root may write everywhere', () => {
  const mayWrite = process.getuid?.() === 0;
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  writeFileSync(join(closed, 'old.json'), '{}', { mode: 0o400 });
  chmodSync(closed, 0o500);
  for (const name of ['old.json', 'new.json']) {
    const read = () => fileFor('json', join(closed, name));
    if (mayWrite) expect(read()).toBe(join(closed, name));
    else expect(read).toThrow(`${name} cannot be written`);
  }
  chmodSync(closed, 0o700);
});
