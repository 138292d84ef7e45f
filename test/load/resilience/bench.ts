import { commandArguments } from '@ballast/local/arguments';
import { machine, writeResult } from '../../command/result.js';
import { benchArguments, usage } from './bench-arguments.js';
import {
  bare,
  breaker,
  cockatielPipeline,
  type Contestant,
  inattentivePipeline,
  opossum,
  ourPipeline,
} from './contestants.js';
import { heapGrowthMb, microsecondsPerCall } from './measure.js';

const options = commandArguments(usage, benchArguments);

const contestants = [
  bare(),
  opossum(),
  breaker(),
  cockatielPipeline('cooperative'),
  cockatielPipeline('aggressive'),
  ourPipeline(),
  inattentivePipeline(),
];
process.stderr.write(`${options.rounds} rounds of ${options.calls} calls each\n`);
const times = await microsecondsPerCall(contestants, options);
for (const contestant of contestants) contestant.close();
process.stderr.write(`${options.heapCalls} calls for the heap\n`);
const grown = await heapGrowthMb(ourPipeline(), options.heapCalls);

const overheadOf = (name: string) => round(times.get(name)! - times.get('no policy')!);
const figures = {
  breakerUs: overheadOf('breaker'),
  opossumUs: overheadOf('opossum'),
  pipelineUs: overheadOf('pipeline'),
  cockatielUs: overheadOf('cockatiel, cooperative'),
  heapGrowthMb: round(grown),
};
const more = {
  pipelineWithoutSignalUs: overheadOf('pipeline, signal not used'),
  cockatielAggressiveUs: overheadOf('cockatiel, aggressive'),
  heapCalls: options.heapCalls,
  machine,
};

process.stdout.write(`${machine}
Overhead per successful call in processor time, medians of ${options.rounds} rounds, a call without policies taken off:
${table(contestants)}
The pipelines are a time limit, retry, bulkhead and breaker. Ours does more than cockatiel's: it answers in time even
if the work ignores its signal (cockatiel's aggressive time limit does, too), keeps a slot until the work has settled,
classifies errors, counts slow calls, keeps calls of earlier generations out of the breaker, serves tenants in turn,
passes the deadline on, and can be reconfigured and watched.
Heap after ${options.heapCalls} calls through the pipeline: ${figures.heapGrowthMb} MB more.
`);
writeResult(options.json, { ...figures, ...more });

function table(contestants: readonly Contestant[]): string {
  return contestants
    .slice(1)
    .map(({ name }) => `  ${name.padEnd(28)}${overheadOf(name).toFixed(2).padStart(8)} us`)
    .join('\n');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
