import { afterEach, expect, test, vi } from 'vitest';
import { commandArguments, fileFor, fileOrNone, listOf, oneOf, wholeNumber } from './arguments.js';

const argv = process.argv;
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
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
  vi.unstubAllEnvs();
});
