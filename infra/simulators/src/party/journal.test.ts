import { mkdtempSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from './journal.js';

const path = () => join(mkdtempSync(join(tmpdir(), 'ballast-')), 'journal.jsonl');
const label = (i: number) => ({
  key: `key-${i}`,
  operation: 'label' as const,
  outcome: 'done' as const,
  id: `täg-${i}`,
  about: 'x'.repeat(500),
  amountCents: null,
  status: 201,
  body: { trackingNumber: `täg-${i}` },
  fingerprint: 'f',
});

test('a journal larger than one read comes back as it was', async () => {
  const file = path();
  const journal = Journal.open(file);
  for (let i = 0; i < 5_000; i++) journal.record(label(i));
  journal.called('key-7');
  await journal.written();
  expect(statSync(file).size).toBeGreaterThan(2 * 1024 * 1024);
  const again = Journal.open(file);
  expect(again.entries).toEqual(journal.entries);
  expect(again.find('key-7')?.calls).toBe(2);
});

test('wherever its end is cut off, the complete lines are read, and it goes on behind them', async () => {
  const file = path();
  const journal = Journal.open(file);
  journal.record(label(1));
  await journal.written();
  const whole = statSync(file).size;
  for (const cut of [1, 2, 100, whole - 1]) {
    journal.record(label(2));
    await journal.written();
    truncateSync(file, statSync(file).size - Math.min(cut, statSync(file).size - whole));
    const again = Journal.open(file);
    expect(again.entries.map(entry => entry.key)).toEqual(['key-1']);
    expect(statSync(file).size).toBe(whole);
    again.close();
  }
});
