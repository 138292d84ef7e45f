import { chmodSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone that this file belongs to. It lies three folders below it, as a source and when compiled. */
export const cloneRoot = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** Where everything that is made at run time lives, but for what PostgreSQL cannot reach there. */
export const stateDirectory = join(cloneRoot, '.local');

/** Where `npm start` keeps its data; what is fetched or compiled stays in `stateDirectory`. */
export const startDirectory = (): string => process.env['BALLAST_DIRECTORY'] ?? stateDirectory;

/**
 * Makes a folder that other users may pass through but not list, whatever the umask says: PostgreSQL's system user has
 * to get to its data below it.
 */
export function makeTraversable(directory: string): string {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o711);
  return directory;
}

/**
 * A folder that the user reaches when our own lies below a closed one, such as a 0700 home. Only root needs it: an
 * ordinary user runs everything as himself.
 */
export function reachableDirectory(canEnter: (directory: string) => boolean): string {
  for (const base of ['/var/lib', '/var/tmp', tmpdir()]) {
    const directory = join(base, 'ballast');
    try {
      makeTraversable(directory);
      const { uid, mode } = lstatSync(directory);
      const ours = uid === process.getuid?.() && (mode & 0o022) === 0;
      if (ours && canEnter(directory)) return directory;
    } catch {
      // Read-only, or somebody else's: try the next.
    }
  }
  throw new Error('found no folder for PostgreSQL: none of /var/lib, /var/tmp and TMPDIR can be used');
}

/** The logs of one start are kept beside those of the start before. */
export function keepPreviousLogs(logs: string): void {
  if (!existsSync(logs)) return;
  rmSync(`${logs}.previous`, { recursive: true, force: true });
  renameSync(logs, `${logs}.previous`);
}
