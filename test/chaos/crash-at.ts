import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Preloaded into each process of a stack (`node --import`): kills it, as kill -9 does, at a moment that a file with the
// process's name asks for. The file is read at the start, and at each SIGUSR2. The product itself holds no switch.

/** What the file says: the moment (libs/messaging/src/moments.ts), and its how-manieth time. */
export interface CrashOrder {
  readonly moment: string;
  readonly nth: number;
}

const member = process.argv
  .find(argument => argument.startsWith('--ballast='))
  ?.split('#')
  .at(-1);
const directory = process.env['CRASH_ORDERS'];

let order: CrashOrder | null = null;
let times = 0;

if (member !== undefined && directory !== undefined) {
  const read = () => {
    times = 0;
    order = orderIn(join(directory, `${member}.json`));
  };
  read();
  process.on('SIGUSR2', read);
  subscribe('ballast:moment', moment => {
    if (order === null || moment !== order.moment) return;
    if (++times === order.nth) process.kill(process.pid, 'SIGKILL');
  });
}

function orderIn(file: string): CrashOrder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CrashOrder;
  } catch {
    return null;
  }
}
