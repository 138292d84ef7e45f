import { spawnSync } from 'node:child_process';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as. It refuses to run as root: then it is the machine's `postgres` user, or `nobody`, which every
 * machine has. Undefined when we are an ordinary user: it runs as ourselves.
 */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody to run it as.',
  );
}

function idOf(option: '-u' | '-g', name: string): number | undefined {
  const found = spawnSync('id', [option, name], { encoding: 'utf8' });
  return found.status === 0 ? Number(found.stdout) : undefined;
}

/** Whether the user gets into a folder: all of its parents have to let him through. */
export function canEnter(directory: string, { uid, gid }: SystemUser): boolean {
  const entered = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { uid, gid, cwd: '/' });
  return entered.status === 0;
}
