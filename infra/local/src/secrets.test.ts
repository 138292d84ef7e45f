import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSecrets } from './secrets.js';

test('each role has a password of its own, which the next start knows, and nobody else can read', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ballast-secrets-')), 'secrets.json');
  const first = loadSecrets(file, ['order', 'payment']);
  expect(first.order).not.toBe(first.payment);
  expect(first.order).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const next = loadSecrets(file, ['order', 'payment', 'shipping']);
  expect(next).toMatchObject(first);
  expect(loadSecrets(file, ['shipping'])).toEqual(next);
});
