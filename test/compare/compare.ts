import { type Stack, startStack, stateDirectory } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportOf } from '../invariants/report.js';
import { machine, writeResult } from '../command/result.js';
import { runCommand } from '../command/run-command.js';
import { compareArguments, usage } from './arguments.js';
import { compare, type Comparison } from './comparison.js';
import { type Figures, figuresOf } from './figures.js';
import { pageOf } from './page.js';
import { tableOf } from './table.js';

const options = commandArguments(usage, compareArguments);

await runCommand(main);

async function main(signal: AbortSignal): Promise<number> {
  const comparison = await onFreshStack(signal, stack =>
    compare(stack, { ...options, signal, onProgress: progress }),
  );
  progress('');
  return told(comparison);
}

/** One that nobody has used: what is there already makes everything a little slower. */
async function onFreshStack<T>(signal: AbortSignal, work: (stack: Stack) => Promise<T>): Promise<T> {
  progress('starting the stack');
  const directory = join(stateDirectory, 'compare');
  rmSync(directory, { recursive: true, force: true });
  const stack = await startStack({
    directory,
    outside: { databaseUrls: {} },
    environment: { LOG_LEVEL: 'warn' },
    signal,
  });
  try {
    return await work(stack);
  } finally {
    await stack.stop();
  }
}

function told({ slices, check, faults }: Comparison): number {
  const protocols = Object.fromEntries(
    [...slices].map(([protocol, own]) => [protocol, figuresOf(own)]),
  ) as Record<string, Figures>;
  const command = ['npm run compare --', ...process.argv.slice(2)].join(' ');
  const injected = faults === 0 ? '' : `${faults} faults\n\n`;
  process.stdout.write(`${command}\n${machine}\n\n${tableOf(protocols)}\n\n${injected}${reportOf(check)}\n`);
  writeResult(options.json, { protocols, check });
  if (options.html !== null)
    writeFileSync(options.html, pageOf({ command, machine, at: new Date(), slices, check }));
  return { valid: 0, invalid: 1, unknown: 2 }[check.verdict];
}

/** One line that changes, or where there is no terminal a line each time. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}
