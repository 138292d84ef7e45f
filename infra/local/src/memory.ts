import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * The memory that these processes and all that they started hold, in MiB. On Linux what several share is counted once
 * (PSS); elsewhere once for each (RSS), which is more.
 */
export function residentMegabytes(pids: readonly number[]): number {
  const processes = existsSync('/proc/self/smaps_rollup') ? fromProc() : fromPs();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const wanted = new Set(pids);
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (wanted.has(pid) || belongs(parents.get(pid)));
  const kilobytes = processes
    .filter(({ pid }) => belongs(pid))
    .reduce((sum, { residentKilobytes }) => sum + residentKilobytes(), 0);
  return Math.round(kilobytes / 1_024);
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly residentKilobytes: () => number;
}

function fromProc(): Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const status = read(`/proc/${name}/status`);
      const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
      if (parent === undefined) return [];
      const residentKilobytes = () =>
        // Another user's, when we are not root: RSS is for everybody to read.
        kilobytes(/^Pss:\s+(\d+) kB/m, read(`/proc/${name}/smaps_rollup`)) ??
        kilobytes(/^VmRSS:\s+(\d+) kB/m, status) ??
        0;
      return [{ pid: Number(name), parent: Number(parent), residentKilobytes }];
    });
}

function fromPs(): Process[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' });
  return stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, rss = 0]) => ({ pid, parent, residentKilobytes: () => rss }));
}

const kilobytes = (pattern: RegExp, text: string): number | undefined => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Empty when the process has ended in the meantime, or is not ours to look at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
