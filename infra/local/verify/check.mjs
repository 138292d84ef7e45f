import { spawn } from 'node:child_process';

/** Nx asks nobody and leaves no daemon behind. */
const environment = {
  ...process.env,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
};

/**
 * Runs commands one after the other until one fails; together they count as one check. Their output is shown when they
 * fail.
 */
export async function runCheck(name, root, commands) {
  const begun = Date.now();
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args, root);
    if (code === 0) continue;
    console.log(`\n✘ ${name} (${seconds(begun)})\n${output.trim()}`);
    return { passed: 0, failed: 1, failures: [`${name}: ${[command, ...args].join(' ')}`] };
  }
  console.log(`✔ ${name} (${seconds(begun)})`);
  return { passed: 1, failed: 0, failures: [] };
}

function run(command, args, root) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text));
    child.once('error', error =>
      resolve({ code: null, output: `could not run ${command}: ${error.message}` }),
    );
    child.once('close', code => resolve({ code, output }));
  });
}

export const seconds = begun => `${((Date.now() - begun) / 1000).toFixed(1)} s`;
