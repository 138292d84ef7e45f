import { cloneRoot } from '@ballast/local';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acts, workers } from './acts.js';
import type { Performance } from './performance.js';
import { successOf, walletSlowdown } from './timeline.js';

export interface PageContent {
  readonly command: string;
  readonly machine: string;
  readonly at: Date;
  readonly without: Performance;
  readonly withPolicies: Performance;
}

const charts = [
  ['breaker', 'Breaker: 0 closed, 1 ramping, 2 half open, 3 open'],
  ['calls', 'Calls under way, in line here, and in line at the gateway'],
  ['rates', 'Per second: calls that arrive at the gateway, retries, refusals'],
  ['orders', 'Card orders per second: completed, cancelled'],
  ['success', 'Card orders that went well, of those that ended, in per cent'],
  ['p99', 'The slowest hundredth, in ms: wallet orders, card orders'],
] as const;

/** One page with everything in it: figures, charts, and the library that draws them. */
export function pageOf({ command, machine, at, without, withPolicies }: PageContent): string {
  const title = 'A card gateway: well, slow, failing, and back';
  const data = { without: seriesOf(without), with: seriesOf(withPolicies), acts: boundsOf(without) };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${asset('node_modules/uplot/dist/uPlot.min.css')}${asset('test/load/resilience/demo/page.css')}</style>
</head>
<body>
<h1>${title}</h1>
<p><code>${escaped(command)}</code>, ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC<br>${escaped(machine)}</p>
<p>The same orders at the same pace, twice: once with a time limit and retries only, once behind the policies of
libs/resilience. The gateway has ${workers} workers.</p>
${table(without, withPolicies)}
<div class="pair"><h2>Without policies</h2><h2>With policies</h2></div>
${charts.map(([id, text]) => `<h3>${text}</h3><div class="pair"><div id="without-${id}"></div><div id="with-${id}"></div></div>`).join('\n')}
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${asset('node_modules/uplot/dist/uPlot.iife.min.js')}</script>
<script>${asset('test/load/resilience/demo/charts.js')}</script>
</body>
</html>
`;
}

const levels: Readonly<Record<string, number>> = {
  closed: 0,
  ramping: 1,
  'half-open': 2,
  open: 3,
  isolated: 3,
};

/** For each chart its lines, over the seconds. */
function seriesOf({ samples }: Performance) {
  const of = <T>(valueOf: (sample: (typeof samples)[number]) => T) => samples.map(valueOf);
  return {
    xs: of(({ second }) => second),
    breaker: { breaker: of(({ breaker }) => (breaker === null ? null : (levels[breaker] ?? null))) },
    calls: {
      'under way': of(({ inFlight }) => inFlight),
      'in line here': of(({ queued }) => queued),
      'in line there': of(({ waitingThere }) => waitingThere),
    },
    rates: {
      arrived: of(({ arrived }) => arrived),
      retries: of(({ repeated }) => repeated),
      refused: of(({ refused }) => refused),
    },
    orders: {
      completed: of(({ orders }) => orders.card.completed),
      cancelled: of(({ orders }) => orders.card.cancelled),
    },
    success: { 'went well': of(({ orders }) => successOf(orders.card)) },
    p99: {
      wallet: of(({ orders }) => orders.wallet.p99Ms),
      card: of(({ orders }) => orders.card.p99Ms),
    },
  };
}

/** When each act begins, for the lines between them. */
function boundsOf({ samples }: Performance) {
  return samples
    .filter(({ act }, index) => act !== samples[index - 1]?.act)
    .map(({ second, act }) => ({ second, act }));
}

function table(...performances: readonly Performance[]): string {
  const rows = performances.flatMap(performance =>
    acts.map(({ name }) => {
      const { cardsCompleted, cardsCancelled, callsPerSecond, walletP50Ms, walletP99Ms } =
        performance.figures[name]!;
      const slowdown = name === 'well' ? null : walletSlowdown(performance, name);
      const cells = [
        performance.policies === 'on' ? 'with' : 'without',
        name,
        cardsCompleted,
        cardsCancelled,
        callsPerSecond,
        walletP50Ms ?? '-',
        walletP99Ms ?? '-',
        slowdown === null ? '' : `${slowdown} %`,
      ];
      return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`;
    }),
  );
  const heads = [
    'policies',
    'gateway',
    'card orders completed',
    'cancelled',
    'calls/s at the gateway',
    'wallet p50, ms',
    'wallet p99, ms',
    'p99 slower than before',
  ];
  return `<table><thead><tr>${heads.map(head => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

/** Inside a script or a style only its end tag would end it. */
const asset = (path: string): string =>
  readFileSync(join(cloneRoot, path), 'utf8').replaceAll('</script', '<\\/script');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
