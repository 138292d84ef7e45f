import type { Protocol } from '@ballast/contracts';
import { cloneRoot } from '@ballast/local';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Judgement } from '../invariants/judge.js';
import { figuresOf, percentile, type Slice } from './figures.js';
import { figureNames, names, shown } from './table.js';

export interface PageContent {
  readonly command: string;
  readonly machine: string;
  readonly at: Date;
  readonly slices: ReadonlyMap<Protocol, readonly Slice[]>;
  readonly check: Judgement;
}

/** One page with everything in it: figures, charts, and the library that draws them. */
export function pageOf({ command, machine, at, slices, check }: PageContent): string {
  const title = 'The same orders under each protocol';
  const protocols = [...slices.keys()];
  const figures = protocols.map(protocol => figuresOf(slices.get(protocol)!));
  const rows = figureNames.map(
    name => `<tr><td>${names[name]}</td>${figures.map(own => `<td>${shown(own[name])}</td>`).join('')}</tr>`,
  );
  const data = {
    protocols,
    figures: figureNames.map(name => ({
      name: names[name],
      values: figures.map(own => own[name]),
      shown: figures.map(own => shown(own[name])),
    })),
    latencies: latenciesOf([...slices.values()]),
    rounds: roundsOf([...slices.values()]),
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${asset('node_modules/uplot/dist/uPlot.min.css')}${asset('test/compare/page/page.css')}</style>
</head>
<body>
<h1>${title}</h1>
<p><code>${escaped(command)}</code>, ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC<br>${escaped(machine)}</p>
<p>Judged ${check.verdict}: ${check.invariants.length} invariants, ${check.invariants.filter(({ verdict }) => verdict === 'violated').length} violated. docs/protocols.md says how each figure is measured.</p>
<table><thead><tr><th></th>${protocols.map(name => `<th>${name}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>
<h2>How long an order takes</h2>
<div id="latencies"></div>
<h2>Throughput, round by round</h2>
<div id="rounds"></div>
<h2>Figures</h2>
<div id="figures"></div>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${asset('node_modules/uplot/dist/uPlot.iife.min.js')}</script>
<script>${asset('test/compare/page/charts.js')}</script>
</body>
</html>
`;
}

/** Each percentile, and what it is under each protocol. */
function latenciesOf(protocols: readonly (readonly Slice[])[]) {
  const xs = Array.from({ length: 100 }, (_, index) => index);
  const series = protocols.map(slices => {
    const sorted = slices
      .flatMap(({ endings }) => endings.map(({ durationMs }) => durationMs))
      .sort((a, b) => a - b);
    return xs.map(percent => Math.round(percentile(sorted, percent / 100)));
  });
  return { xs, series };
}

function roundsOf(protocols: readonly (readonly Slice[])[]) {
  const xs = (protocols[0] ?? []).map((_, index) => index + 1);
  const series = protocols.map(slices =>
    slices.map(({ endings, ms }) => (endings.length * 1_000) / Math.max(1, ms)),
  );
  return { xs, series };
}

const asset = (path: string): string => readFileSync(join(cloneRoot, path), 'utf8');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
