import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cloneRoot } from '../places.js';
import { listens, Program } from '../program.js';
import { javaCommand, javaEnvironment, type KafkaLibraries } from './libraries.js';

export interface KafkaOptions {
  /** Where it keeps its data and configuration: used again when it is there already. */
  readonly directory: string;
  readonly libraries: KafkaLibraries;
  readonly logFile: string;
  readonly pidFile: string;
  readonly brokerPort: number;
  readonly controllerPort: number;
  readonly heapMegabytes?: number;
  /** Called as soon as it runs, long before it is ready. */
  readonly launched?: ((program: Program) => void) | undefined;
}

/** Starts a Kafka of our own, one process on 127.0.0.1; resolves when clients can connect, 2.3 s later. The first start formats the storage, 0.7 s. */
export async function startKafka(options: KafkaOptions): Promise<Program> {
  const { directory, libraries, brokerPort, controllerPort, heapMegabytes = 384 } = options;
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(cloneRoot, 'infra/kafka/log4j2.properties'), join(directory, 'log4j2.properties'));
  writeServerProperties(directory, { brokerPort, controllerPort });
  await formatKafka(directory, libraries);
  const archived = existsSync(libraries.classArchive);
  const newArchive = join(directory, 'classes.jsa');
  const marker = `-Dballast.kafka=${directory}`;
  const program = await Program.start({
    name: 'kafka',
    command: javaCommand(),
    args: [
      `-Xmx${heapMegabytes}m`,
      archived ? `-XX:SharedArchiveFile=${libraries.classArchive}` : `-XX:ArchiveClassesAtExit=${newArchive}`,
      marker,
      ...javaArguments(libraries),
      'kafka.Kafka',
      'server.properties',
    ],
    env: javaEnvironment(),
    cwd: directory,
    logFile: options.logFile,
    pidFile: options.pidFile,
    marker,
    stopSignal: 'SIGTERM',
    stopDeadlineMs: 20_000,
    launched: options.launched,
  });
  void program.exited.then(({ signal }) => {
    // Killed, it left half an archive, or none.
    const complete = signal === null && !archived && existsSync(newArchive);
    if (complete) renameSync(newArchive, libraries.classArchive);
  });
  await program.waitUntil(() => listens(brokerPort), { deadlineMs: 60_000 });
  return program;
}

/** Gives the storage its cluster id; a storage that has one is left alone. Needs `server.properties` beside it. */
async function formatKafka(directory: string, libraries: KafkaLibraries): Promise<void> {
  const data = join(directory, 'data');
  if (existsSync(join(data, 'meta.properties'))) return;
  // Left by a format that was cut short.
  rmSync(data, { recursive: true, force: true });
  const clusterId = `B${randomBytes(16).toString('base64url').slice(1)}`;
  await promisify(execFile)(
    javaCommand(),
    [
      '-XX:TieredStopAtLevel=1',
      ...(existsSync(libraries.classArchive) ? [`-XX:SharedArchiveFile=${libraries.classArchive}`] : []),
      ...javaArguments(libraries),
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      'server.properties',
    ],
    { cwd: directory, env: javaEnvironment() },
  );
}

/** Of the server and of the tool, which share the archive. Paths that may hold a comma or a blank are relative. */
const javaArguments = ({ jars }: KafkaLibraries): string[] => [
  '-XX:+UseSerialGC',
  // The second compiler costs a small machine more than its code gives back within a day.
  '-XX:TieredStopAtLevel=1',
  '-Djava.awt.headless=true',
  '-Dlog4j2.configurationFile=log4j2.properties',
  '-cp',
  join(jars, '*'),
];

function writeServerProperties(directory: string, values: Record<string, number>): void {
  const template = readFileSync(join(cloneRoot, 'infra/kafka/server.properties'), 'utf8');
  const filled = template.replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    if (values[name] === undefined) throw new Error(`server.properties: what is ${placeholder}?`);
    return String(values[name]);
  });
  const path = join(directory, 'server.properties');
  writeFileSync(`${path}.new`, filled);
  renameSync(`${path}.new`, path);
}
