import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { makeTraversable, reachableDirectory } from '../places.js';
import { Program } from '../program.js';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.js';
import { canEnter, postgresUser, type SystemUser } from './system-user.js';

export interface PostgresOptions {
  /** Where it keeps its data, if its system user gets there (see `postgresDirectory`); used again when it is there. */
  readonly directory: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly superuserPassword: string;
  readonly port: number;
  /** False for tests that never pull the plug: nothing is flushed to the disk. */
  readonly durable: boolean;
  /** More settings, or others than ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called as soon as it runs, long before it is ready. */
  readonly launched?: ((program: Program) => void) | undefined;
}

/** The address of a PostgreSQL of our own, for who sets it up. */
export const superuserUrl = (port: number, password: string): string =>
  `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;

/** Starts a PostgreSQL of our own, on 127.0.0.1; resolves when it takes connections. The first start initialises the data, 0.6 s. */
export async function startPostgres(options: PostgresOptions): Promise<Program> {
  const user = postgresUser();
  const binaries = findPostgresBinaries(user);
  const directory = postgresDirectory(options.directory, user);
  const data = join(directory, 'data');
  if (!existsSync(data)) await initialise(data, { ...options, binaries, user });
  const launch = () =>
    Program.start({
      name: 'postgres',
      command: binaries.postgres,
      args: [
        '-D',
        data,
        ...flags({ ...settings(options.port), ...(options.durable ? {} : forgetful), ...options.settings }),
      ],
      env: environment,
      cwd: '/',
      ...(user && { user }),
      logFile: options.logFile,
      pidFile: options.pidFile,
      marker: data,
      // Fast shutdown: open transactions are rolled back, a checkpoint is written.
      stopSignal: 'SIGINT',
      stopDeadlineMs: 20_000,
      launched: options.launched,
    });
  const url = superuserUrl(options.port, options.superuserPassword);
  for (const deadline = performance.now() + leftoversDeadlineMs; ; await sleep(100)) {
    const program = await launch();
    try {
      await program.waitUntil(() => answers(url), { deadlineMs: 60_000 });
      return program;
    } catch (error) {
      // The connections of a server that was killed have processes of their own, which outlive it by a moment.
      const early = !program.running && program.output().includes('pre-existing shared memory block');
      if (!early || performance.now() > deadline) throw error;
    }
  }
}

/** How long the processes of a killed predecessor are given to notice that it is gone. */
const leftoversDeadlineMs = 10_000;

/** The wanted folder where the system user gets there; else one that it reaches, always the same for the same wish. */
export function postgresDirectory(wanted: string, user: SystemUser | undefined = postgresUser()): string {
  if (user === undefined) return wanted;
  makeTraversable(dirname(wanted));
  if (canEnter(dirname(wanted), user)) return wanted;
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  return join(
    reachableDirectory(directory => canEnter(directory, user)),
    name,
  );
}

/** Makes a new cluster. It appears under its name only when it is complete. */
async function initialise(
  data: string,
  {
    superuserPassword,
    durable,
    binaries,
    user,
  }: PostgresOptions & { binaries: PostgresBinaries; user: SystemUser | undefined },
): Promise<void> {
  makeTraversable(dirname(data));
  const unfinished = `${data}.unfinished`;
  const passwordFile = `${data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
  if (user) for (const path of [unfinished, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    await promisify(execFile)(
      binaries.initdb,
      [
        `--pgdata=${unfinished}`,
        '--username=postgres',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ],
      { env: environment, cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) },
    );
    renameSync(unfinished, data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

const environment = { PATH: process.env['PATH'], LC_ALL: 'C' };

const settings = (port: number): Record<string, string> => ({
  listen_addresses: '127.0.0.1',
  port: String(port),
  // A socket's path may not be longer than 107 bytes; a clone's may.
  unix_socket_directories: '',
  max_connections: '200',
  // 0 by default, which refuses PREPARE TRANSACTION.
  max_prepared_transactions: '400',
  shared_buffers: '128MB',
  // Nobody replicates from here.
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_buffers: '16MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  // A minute by default, in which a busy shop leaves hundreds of thousands of dead rows: tables would grow by them.
  autovacuum_naptime: '10s',
  // The statements are short and many: compiling them, or sharing them out, costs more than they do.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%a@%d ',
});

const forgetful = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

const flags = (values: Record<string, string>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A connection that breaks after it was made says so here; without a listener that would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === '28P01') {
      throw new Error(
        'PostgreSQL refuses our password: `npm run reset` makes a new one, and a new database',
        {
          cause: error,
        },
      );
    }
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
