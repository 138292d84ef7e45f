import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { commandArguments } from '../../command/arguments.js';
import { machine, writeResult } from '../../command/result.js';
import { runCommand } from '../../command/run-command.js';
import { demoArguments, usage } from './demo/demo-arguments.js';
import { pageOf } from './demo/page.js';
import { perform } from './demo/performance.js';
import { timeline } from './demo/timeline.js';

const args = process.argv.slice(2);
const options = commandArguments(usage, demoArguments);
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
  writeResult(options.json, { machine, without, withPolicies });
  return 0;
});
