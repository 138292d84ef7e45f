import { commandArguments } from '@ballast/local/arguments';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { machine, writeResult } from '../../command/result.js';
import { runCommand } from '../../command/run-command.js';
import { demoArguments, usage } from './demo/demo-arguments.js';
import { pageOf } from './demo/page.js';
import { perform } from './demo/performance.js';
import { timeline } from './demo/timeline.js';

const args = process.argv.slice(2);
const options = commandArguments(usage, demoArguments);

await runCommand(async signal => {
  const without = await perform('off', options, signal);
  const withPolicies = await perform('on', options, signal);
  process.stdout.write(`${machine}\n${timeline(without, withPolicies)}\n`);
  mkdirSync(dirname(options.html), { recursive: true });
  const command = ['npm run demo:resilience', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  writeFileSync(options.html, pageOf({ command, machine, at: new Date(), without, withPolicies }));
  process.stdout.write(`The charts are in ${options.html}\n`);
  writeResult(options.json, { machine, without, withPolicies });
  return 0;
});
