import type { Figures } from './figures.js';

/** What each figure is called where people read it. */
export const names: Readonly<Record<keyof Figures, string>> = {
  completed: 'completed',
  rejected: 'rejected',
  ordersPerSecond: 'orders per second',
  p50Ms: 'p50, ms',
  p99Ms: 'p99, ms',
  messagesPerOrder: 'messages per order',
  transactionsPerOrder: 'database transactions per order',
  walBytesPerOrder: 'WAL bytes per order',
  cpuMsPerOrder: 'CPU per order, ms',
  lockHoldMs: 'row locks held per order, ms',
  inDoubtMs: 'in doubt per order, ms',
  dirtyReads: 'dirty reads',
  oversellRefused: 'oversell attempts refused',
  exposureMs: 'exposure of reservations, ms',
};

export const figureNames = Object.keys(names) as (keyof Figures)[];

/** A line per figure, a column per protocol. */
export function tableOf(protocols: Readonly<Record<string, Figures>>): string {
  const columns = Object.entries(protocols);
  const first = Math.max(...figureNames.map(name => names[name].length));
  const widthOf = (name: string) => Math.max(12, name.length);
  const heads = columns.map(([name]) => name.padStart(widthOf(name)));
  const rows = figureNames.map(figure => {
    const cells = columns.map(([name, figures]) => shown(figures[figure]).padStart(widthOf(name)));
    return `${names[figure].padEnd(first)}  ${cells.join('  ')}`;
  });
  return [`${' '.repeat(first)}  ${heads.join('  ')}`, ...rows].join('\n');
}

export const shown = (value: number): string => value.toLocaleString('en-GB', { maximumFractionDigits: 3 });
