import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePorts } from '../ports.js';
import { startPostgres, superuserUrl } from './postgres.js';

test('a killed PostgreSQL starts again in its place while connections of the killed one still have processes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postgres-'));
  const { port } = await findFreePorts(['port']);
  const start = () =>
    startPostgres({
      directory,
      logFile: join(directory, 'postgres.log'),
      pidFile: join(directory, 'postgres.json'),
      superuserPassword: 'test',
      port,
      durable: false,
    });

  const first = await start();
  const client = new pg.Client({ connectionString: superuserUrl(port, 'test') });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  // A stopped process does not notice that its server is gone.
  process.kill(rows[0]!.pid, 'SIGSTOP');
  first.kill('SIGKILL');
  await first.exited;

  const second = start();
  onTestFinished(async () => void (await (await second).stop()));
  const early = await Promise.race([second.then(() => 'started'), sleep(1_000).then(() => 'waits')]);
  process.kill(rows[0]!.pid, 'SIGCONT');
  expect(early).toBe('waits');
  expect((await second).running).toBe(true);
});
