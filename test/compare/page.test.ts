import type { Protocol } from '@ballast/contracts';
import { expect, test } from 'vitest';
import type { Slice } from './figures.js';
import { pageOf } from './page.js';
import { figureNames, names, tableOf } from './table.js';
import { figuresOf } from './figures.js';

const slice: Slice = {
  endings: [{ id: 'order-1', status: 'COMPLETED', reason: null, durationMs: 12 }],
  ms: 100,
  spent: { messages: 15, transactions: 4, walBytes: 20_000, cpuMs: 7 },
  seen: { lockedMs: 3, inDoubtMs: 0, reservedMs: 9, effects: new Map() },
};
const page = pageOf({
  command: 'npm run compare -- --orders 1 </script>',
  machine: '2 x cpu',
  at: new Date('2030-01-01T00:00:00Z'),
  slices: new Map<Protocol, Slice[]>([['orchestrated', [slice, slice]]]),
  check: { verdict: 'valid', limits: {} as never, invariants: [] },
});

test('the page has every figure, and everything that it needs in it', () => {
  for (const figure of figureNames) expect(page).toContain(`<td>${names[figure]}</td>`);
  expect(page).not.toMatch(/(src|href)=|@import|url\(http/);
  expect(page).toContain('var uPlot=');
});

test('nothing of the command line is taken for markup', () => {
  expect(page).toContain('--orders 1 &lt;/script>');
});

test('the table has a line per figure and a column per protocol', () => {
  const figures = figuresOf([slice]);
  const lines = tableOf({ orchestrated: figures, 'two-phase': figures }).split('\n');
  expect(lines).toHaveLength(figureNames.length + 1);
  expect(new Set(lines.map(line => line.length)).size).toBe(1);
  expect(lines[0]).toMatch(/orchestrated +two-phase$/);
});
