import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runQuietly } from './run.mjs';

const module = fileURLToPath(new URL('run.mjs', import.meta.url));

test('arguments and the exit code pass through', async () => {
  const outer = runInstead("console.log(process.argv.slice(2).join('|')); process.exit(7)", [
    'a b',
    '--json',
    "c'd",
  ]);
  expect(await outer.ended()).toEqual({ code: 7, signal: null });
  expect(outer.output()).toBe("a b|--json|c'd\n");
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  '%s reaches the command, and its exit code is ours',
  async signal => {
    const outer = runInstead(
      `process.on('${signal}', () => process.exit(42)); setInterval(() => {}, 1e6); console.log('up');`,
    );
    await outer.up();
    outer.kill(signal);
    expect(await outer.ended()).toEqual({ code: 42, signal: null });
  },
);

test('a command that a signal has ended gives the exit code of a shell', async () => {
  const outer = runInstead("process.kill(process.pid, 'SIGKILL')");
  expect(await outer.ended()).toEqual({ code: 137, signal: null });
});

test('when we are killed the command learns of it', async () => {
  const outer = runInstead(
    "process.on('disconnect', () => { console.log('alone'); process.exit(); }); console.log('up');",
  );
  await outer.up();
  outer.kill('SIGKILL');
  await expect.poll(outer.output).toContain('alone');
});

test('the output of a quiet command is shown when it fails, and it is an error', async () => {
  const script = "console.log('one'); console.error('two'); process.exit(1)";
  const running = runQuietly('Building', process.execPath, ['-e', script], { cwd: '/', env: process.env });
  await expect(running).rejects.toThrow('Building failed.\none\ntwo');
  const missing = runQuietly('Building', '/no/such/tsc', [], { cwd: '/', env: process.env });
  await expect(missing).rejects.toThrow('ENOENT');
});

test('what goes on before a command is no part of its output', () => {
  const code = `
    import { runQuietly } from ${JSON.stringify(module)};
    await runQuietly('Building', process.execPath, ['-e', 'console.log(1)'], { cwd: '/', env: process.env });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^✔ Building \(\d+\.\d s\)\n$/);
});

function runInstead(script, args = []) {
  const code = `
    import { runInstead } from ${JSON.stringify(module)};
    const [script, ...args] = process.argv.slice(1);
    await runInstead(process.execPath, ['-e', script, 'entry', ...args], { cwd: process.cwd(), env: process.env });`;
  const outer = spawn(process.execPath, ['--input-type=module', '-e', code, '--', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  outer.stdout.on('data', text => (output += text));
  const exited = once(outer, 'exit');
  return {
    kill: signal => outer.kill(signal),
    output: () => output,
    up: () => expect.poll(() => output).toContain('up'),
    async ended() {
      const [code, signal] = await exited;
      return { code, signal };
    },
  };
}
