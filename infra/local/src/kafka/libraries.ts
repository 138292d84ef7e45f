import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cloneRoot, stateDirectory } from '../places.js';

const pom = join(cloneRoot, 'infra/kafka/pom.xml');

export interface KafkaLibraries {
  readonly jars: string;
  /**
   * Where Java keeps Kafka's classes as it has them in memory. The first Kafka that ends in good order writes it, which
   * takes 3 s; each start after that takes 1.4 s instead of 2.4 s.
   */
  readonly classArchive: string;
}

/**
 * Kafka's jars, fetched by Maven (5 s with a warm cache) unless a run before has done so for the same pom.xml. Safe
 * when several processes ask at once.
 */
export async function fetchKafkaLibraries({
  signal,
}: { signal?: AbortSignal | undefined } = {}): Promise<KafkaLibraries> {
  const parent = join(stateDirectory, 'kafka-libraries');
  const version = hash(readFileSync(pom));
  const [jars, java] = await Promise.all([fetchJars(parent, version, signal), javaVersion()]);
  return { jars, classArchive: join(parent, `${version}-java-${hash(java)}.jsa`) };
}

async function fetchJars(parent: string, version: string, signal?: AbortSignal): Promise<string> {
  const libraries = join(parent, version);
  if (existsSync(libraries)) return libraries;
  mkdirSync(parent, { recursive: true });
  const fetched = mkdtempSync(join(parent, 'fetching-'));
  try {
    await copyDependencies(fetched, signal);
    renameSync(fetched, libraries);
  } catch (error) {
    // Somebody else was faster.
    if (!existsSync(libraries)) throw error;
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
  return libraries;
}

function copyDependencies(directory: string, signal?: AbortSignal): Promise<void> {
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${directory}`];
  return new Promise((resolve, reject) => {
    const maven = spawn('mvn', [...args, '-DincludeScope=runtime'], {
      env: javaEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let output = '';
    maven.stdout.on('data', text => (output += String(text)));
    maven.stderr.on('data', text => (output += String(text)));
    maven.once('error', cause => reject(new Error(`could not run mvn: ${cause.message}`, { cause })));
    maven.once('close', code => {
      if (code === 0) resolve();
      else reject(new Error(`Maven could not fetch Kafka's jars (exit code ${code}).\n${output.trim()}`));
    });
  });
}

/** `JAVA_HOME` wins, as with Maven. */
export const javaCommand = (): string =>
  process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin/java') : 'java';

/** Java can name a path beyond ASCII only in a locale that can. */
export const javaEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C.UTF-8' });

/** Another Java cannot read the archive. */
async function javaVersion(): Promise<string> {
  const { stderr } = await promisify(execFile)(javaCommand(), ['-version']);
  return stderr;
}

const hash = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 12);
