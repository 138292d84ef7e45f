import { cloneRoot } from './places.js';
import { Program } from './program.js';
import { entryOf, environmentOf, isReady, urlOf, type Member, type Surroundings } from './services.js';

export interface MemberOptions {
  readonly surroundings: Surroundings;
  readonly logFile: string;
  readonly pidFile: string;
  readonly launched: (program: Program) => void;
}

/** Most objects live for one pass: with room for a pass in the young generation, half as much is collected. */
const nodeArguments = ['--enable-source-maps', '--max-semi-space-size=32'];

/** Starts one of our own processes from its compiled code; resolves when it says that it is ready. */
export async function startMember(member: Member, options: MemberOptions): Promise<Program> {
  const { surroundings, logFile, pidFile, launched } = options;
  // Nobody reads this argument but `ps` and the next start. The name at its end keeps it from being a part of another.
  const marker = `--ballast=${surroundings.directory}#${member.name}`;
  const program = await Program.start({
    name: member.name,
    command: process.execPath,
    args: [...nodeArguments, entryOf(member), marker],
    env: environmentOf(member, surroundings),
    cwd: cloneRoot,
    logFile,
    pidFile,
    marker,
    stopSignal: 'SIGTERM',
    stopDeadlineMs: 12_000,
    launched,
  });
  const url = urlOf(member.name, surroundings.ports);
  await program.waitUntil(() => isReady(url, program.pid), { deadlineMs: 90_000, intervalMs: 100 });
  return program;
}
