import { acts } from './acts.js';
import type { Performance } from './performance.js';
import type { Sample } from './sampler.js';

const columns: readonly (readonly [string, number, (sample: Sample) => string | number | null])[] = [
  ['breaker', 10, ({ breaker }) => breaker],
  ['flight', 7, ({ inFlight }) => inFlight],
  ['queue', 6, ({ queued }) => queued],
  ['refused', 8, ({ refused }) => refused],
  ['retries', 8, ({ repeated }) => repeated],
  ['calls', 6, ({ arrived }) => arrived],
  ['line', 6, ({ waitingThere }) => waitingThere],
  ['cards', 6, ({ orders }) => orders.card.completed],
  ['ok %', 5, ({ orders }) => successOf(orders.card)],
  ['card p99', 9, ({ orders }) => orders.card.p99Ms],
  ['wallet p99', 11, ({ orders }) => orders.wallet.p99Ms],
];
const width = columns.reduce((sum, [, columnWidth]) => sum + columnWidth, 0);

/** Both performances side by side, a line for every other second, and then what each act came to. */
export function timeline(without: Performance, withPolicies: Performance): string {
  const head = columns.map(([name, columnWidth]) => name.padStart(columnWidth)).join('');
  const lines = without.samples
    .map((sample, index) => [sample, withPolicies.samples[index]] as const)
    .filter((_, index) => index % 2 === 0)
    .map(([left, right]) => {
      const moment = `${String(left.second).padStart(4)} s ${left.act.padEnd(8)}`;
      return `${moment}|${cells(left)} |${right === undefined ? '' : cells(right)}`;
    });
  return [
    `${' '.repeat(15)}|${' without policies'.padEnd(width)} | with policies`,
    `${' '.repeat(15)}|${head} |${head}`,
    ...lines,
    '',
    ...summary(without, withPolicies),
  ].join('\n');
}

/** Per cent of the orders that ended; null when none did. */
export function successOf({ completed, cancelled }: Sample['orders']['card']): number | null {
  return completed + cancelled === 0 ? null : Math.round((100 * completed) / (completed + cancelled));
}

/** How much slower the slowest hundredth of the wallet orders was than before, in per cent. */
export function walletSlowdown({ figures }: Performance, act: string): number | null {
  const [before, then] = [figures['well']?.walletP99Ms, figures[act]?.walletP99Ms];
  return before == null || then == null ? null : Math.round((100 * then) / before - 100);
}

function summary(...performances: readonly Performance[]): string[] {
  return performances.flatMap(performance => [
    performance.policies === 'on' ? 'With policies' : 'Without policies',
    ...acts.map(({ name }) => {
      const { cardsCompleted, cardsCancelled, callsPerSecond, walletP50Ms, walletP99Ms } =
        performance.figures[name]!;
      const slowdown = walletSlowdown(performance, name);
      const wallets = `wallet p50 ${walletP50Ms ?? '-'} ms, p99 ${walletP99Ms ?? '-'} ms${name === 'well' ? '' : ` (${signed(slowdown)} %)`}`;
      return `  ${name.padEnd(8)} ${cardsCompleted} card orders completed, ${cardsCancelled} cancelled; ${callsPerSecond} calls/s at the gateway; ${wallets}`;
    }),
  ]);
}

const cells = (sample: Sample): string =>
  columns.map(([, columnWidth, valueOf]) => String(valueOf(sample) ?? '-').padStart(columnWidth)).join('');

const signed = (percent: number | null): string =>
  percent === null ? '-' : `${percent < 0 ? '' : '+'}${percent}`;
