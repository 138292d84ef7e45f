import { cpus, totalmem } from 'node:os';
import { type SimulationArguments, simulationArguments } from './arguments.js';
import { explorationsOf } from './search/explorations.js';
import { explore } from './search/explore.js';
import { checkedAtOnce } from './search/invariants.js';
import { runSeeds, storyOf } from './search/seeds.js';
import type { Protocol } from './world/plan.js';

/** `npm run simulate`: exits with 1 when an invariant is broken, and tells how. */
const options = simulationArguments(process.argv.slice(2));
process.stdout.write(
  `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}\n`,
);
process.stdout.write(`checked after every step: ${checkedAtOnce.join('; ')}\n`);
const begun = performance.now();
let violations = 0;
for (const protocol of options.protocols) {
  violations += options.explore ? explored(protocol, options) : seeded(protocol, options);
}
process.stdout.write(
  `${violations} ${violations === 1 ? 'violation' : 'violations'}, ${seconds(begun)} in all\n`,
);
process.exitCode = violations === 0 ? 0 : 1;

function seeded(protocol: Protocol, { firstSeed, seeds, mutant }: SimulationArguments): number {
  const from = performance.now();
  const { runs, steps, failure } = runSeeds(protocol, { first: firstSeed, count: seeds, mutant }, done =>
    progress(`${protocol}: ${done} of ${seeds} seeds, ${seconds(from)}`, done % 10_000 === 0),
  );
  progress('');
  const perRun = Math.round(steps / runs);
  process.stdout.write(
    `${protocol}: ${runs} seeds, ${steps} steps (${perRun} per seed), each checked, ${seconds(from)}\n`,
  );
  if (failure === null) return 0;
  process.stdout.write(`${storyOf(protocol, failure, mutant)}\n`);
  return 1;
}

function explored(protocol: Protocol, { statesMax, mutant }: SimulationArguments): number {
  for (const { name, plan, bounds } of explorationsOf(protocol)) {
    const from = performance.now();
    const { states, steps, ends, outcomes, complete, failure } = explore(
      plan,
      { ...bounds, statesMax },
      mutant,
      seen => progress(`${protocol}, ${name}: ${seen} states, ${seconds(from)}`, seen % 100_000 === 0),
    );
    progress('');
    const limits = `up to ${bounds.crashes} crashes and ${bounds.duplicates} duplicates`;
    const ended = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count} times`);
    process.stdout.write(
      `${protocol}, ${name}, ${limits}: ${states} states, ${steps} steps, each checked, ${ends} ends (${ended.join(', ')}), ${complete ? 'all there are' : failure === null ? 'GIVEN UP' : 'until it broke'}, ${seconds(from)}\n`,
    );
    if (failure === null) continue;
    process.stdout.write(`${failure.broken}\n${failure.story.map(line => `  ${line}`).join('\n')}\n`);
    return 1;
  }
  return 0;
}

/** One line that changes, or where there is no terminal a line now and then. */
function progress(text: string, rarely = true): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (rarely && text !== '') process.stderr.write(`${text}\n`);
}

function seconds(from: number): string {
  return `${((performance.now() - from) / 1_000).toFixed(1)} s`;
}
