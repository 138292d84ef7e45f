import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { clearInterval, setInterval } from 'node:timers';

/**
 * Runs a program, says what for and how long it took, and shows its output only when it fails. All on stderr: stdout
 * belongs to the command that comes after it, whose output may be JSON.
 * @throws when it fails, with its output
 */
export async function runQuietly(title, command, args, { cwd, env }) {
  const begun = Date.now();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text));
  // What it is at is said at once only to a person; a log gets one line per step.
  if (process.stderr.isTTY) process.stderr.write(`… ${title}`);
  const { code, problem } = await new Promise(resolve => {
    child.once('error', problem => resolve({ code: null, problem }));
    child.once('close', code => resolve({ code }));
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  if (code !== 0) throw new Error(`${title} failed.\n${problem?.message ?? output.trim()}`);
  console.error(`✔ ${title} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
}

/**
 * Runs a program in our place: its output, signals and exit code are ours. It ends when we are killed, by way of the
 * channel between us. Never resolves.
 */
export function runInstead(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // Ctrl-C reaches the child by itself; a signal to us alone would not. It takes two that come together for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  child.once('error', error => {
    console.error(`could not run ${command}: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  return new Promise(() => {});
}

/** When npm is killed it takes nobody along, and whoever reads its output is gone: we stop then. */
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  watch.unref();
}
