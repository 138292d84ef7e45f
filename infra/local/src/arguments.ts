import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * What a command was asked for, as `read` makes it of the words behind its name. Asked for `--help` it prints the usage and
 * exits with code 0; when `read` throws it says what is wrong, and exits with code 2: before anything has been done.
 */
export function commandArguments<T>(usage: string, read: (words: string[]) => T): T {
  const words = process.argv.slice(2);
  if (words.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read(words);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return process.exit(2);
  }
}

/** @throws for anything but 1, 2, 3 and so on */
export function wholeNumber(name: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? 'of 1 or more' : `from 1 to ${max}`;
  throw new Error(`--${name}: a whole number ${range}, not "${text}"`);
}

/** @throws with the words that there are */
export function oneOf<const T extends string>(name: string, allowed: readonly T[], text: string): T {
  const found = allowed.find(word => word === text);
  if (found === undefined) throw new Error(`--${name}: ${allowed.join(' or ')}, not "${text}"`);
  return found;
}

/** Several, with commas between them. */
export const listOf = <T>(text: string, read: (part: string) => T): T[] => text.split(',').map(read);

/** The absolute path that the caller means. npm runs scripts in the project's folder, so relative ones begin elsewhere. */
export const pathFrom = (path: string): string => resolve(process.env['BALLAST_CALLED_FROM'] ?? '.', path);

/** The absolute path of a file that is to be written. @throws when it cannot be: a long run would be lost */
export function fileFor(name: string, path: string): string {
  const file = pathFrom(path);
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`--${name}: there is no folder ${folder}`);
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new Error(`--${name}: ${file} is a folder, and a file is needed`);
  try {
    accessSync(there === undefined ? folder : file, constants.W_OK);
  } catch (error) {
    throw new Error(`--${name}: ${file} cannot be written`, { cause: error });
  }
  return file;
}

/** The same for an option that may be left out. */
export const fileOrNone = (name: string, path: string | undefined): string | null =>
  path === undefined ? null : fileFor(name, path);
