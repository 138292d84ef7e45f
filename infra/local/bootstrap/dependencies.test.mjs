import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isInstalled } from './dependencies.mjs';

const root = { '': { name: 'ballast' } };
const zod = { 'node_modules/zod': { version: '4.6.0', integrity: 'sha512-a' } };
const room = {
  'libs/room': { version: '0.1.0' },
  'node_modules/@ballast/room': { resolved: 'libs/room', link: true },
};
const elsewhere = { 'node_modules/darwin-only': { version: '1.0.0', optional: true } };

test('what npm has installed is not installed again', () => {
  expect(isInstalled(clone({ ...root, ...zod, ...room, ...elsewhere }, { ...zod, ...room }))).toBe(true);
});

test.each([
  ['there is no node_modules', { ...root, ...zod }, null],
  ['an installation was cut short', { ...root, ...zod }, undefined],
  ['a package was added', { ...root, ...zod, ...room }, { ...zod }],
  ['a package was removed', { ...root }, { ...zod }],
  [
    'a version has changed',
    { ...root, ...zod },
    { 'node_modules/zod': { version: '4.5.0', integrity: 'sha512-a' } },
  ],
  [
    'the content of a version has changed',
    { ...root, ...zod },
    { 'node_modules/zod': { version: '4.6.0', integrity: 'sha512-b' } },
  ],
])('it is installed when %s', (_, wanted, installed) => {
  expect(isInstalled(clone(wanted, installed))).toBe(false);
});

/** @param installed what npm's own record says; undefined: there is none; null: nor is there a node_modules */
function clone(wanted, installed) {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-clone-'));
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (installed !== null) mkdirSync(join(directory, 'node_modules'));
  if (installed) {
    const record = join(directory, 'node_modules/.package-lock.json');
    writeFileSync(record, JSON.stringify({ packages: installed }));
  }
  return directory;
}
