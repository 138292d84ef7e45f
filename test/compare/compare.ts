import { type Stack, startStack, stateDirectory } from '@ballast/local';
import { rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { reportOf } from '../invariants/report.js';
import { runCommand } from '../command/run-command.js';
import { type CompareArguments, compareArguments, usage } from './arguments.js';
import { compare, type Comparison } from './comparison.js';
import { type Figures, figuresOf } from './figures.js';
import { pageOf } from './page.js';
import { tableOf } from './table.js';

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`;
const words = process.argv.slice(2);

await runCommand(main);

async function main(signal: AbortSignal): Promise<number> {
  if (words.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  let options: CompareArguments;
  try {
    options = compareArguments(words, process.env['BALLAST_CALLED_FROM'] ?? '.');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  const comparison = await onFreshStack(signal, stack =>
    compare(stack, { ...options, signal, onProgress: progress }),
  );
  progress('');
  return told(comparison, options);
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

function told({ slices, check, faults }: Comparison, options: CompareArguments): number {
  const protocols = Object.fromEntries(
    [...slices].map(([protocol, own]) => [protocol, figuresOf(own)]),
  ) as Record<string, Figures>;
  const command = ['npm run compare --', ...words].join(' ');
  const injected = faults === 0 ? '' : `${faults} faults\n\n`;
  process.stdout.write(`${command}\n${machine}\n\n${tableOf(protocols)}\n\n${injected}${reportOf(check)}\n`);
  if (options.json !== null)
    writeFileSync(options.json, `${JSON.stringify({ protocols, check }, null, 2)}\n`);
  if (options.html !== null)
    writeFileSync(options.html, pageOf({ command, machine, at: new Date(), slices, check }));
  return { valid: 0, invalid: 1, unknown: 2 }[check.verdict];
}

/** One line that changes, or where there is no terminal a line each time. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}
