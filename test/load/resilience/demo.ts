import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { runCommand } from '../command.js';
import { demoArguments } from './demo/demo-arguments.js';
import { pageOf } from './demo/page.js';
import { perform } from './demo/performance.js';
import { timeline } from './demo/timeline.js';

const args = process.argv.slice(2);
const options = demoArguments(args);
const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`;
const pathOf = (file: string) => resolve(process.env['BALLAST_CALLED_FROM'] ?? '.', file);

await runCommand(async signal => {
  const without = await perform('off', options, signal);
  const withPolicies = await perform('on', options, signal);
  process.stdout.write(`${machine}\n${timeline(without, withPolicies)}\n`);
  const page = pathOf(options.html);
  mkdirSync(dirname(page), { recursive: true });
  const command = ['npm run demo:resilience', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  writeFileSync(page, pageOf({ command, machine, at: new Date(), without, withPolicies }));
  process.stdout.write(`The charts are in ${page}\n`);
  if (options.json !== null) {
    writeFileSync(pathOf(options.json), `${JSON.stringify({ machine, without, withPolicies }, null, 2)}\n`);
  }
  return 0;
});
