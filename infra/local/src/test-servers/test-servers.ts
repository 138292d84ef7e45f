import { join } from 'node:path';
import { fetchKafkaLibraries } from '../kafka/libraries.js';
import { startKafka } from '../kafka/kafka.js';
import { findFreePorts } from '../ports.js';
import { startPostgres, superuserUrl } from '../postgres/postgres.js';
import type { Program } from '../program.js';
import { newRunDirectory, removeRunDirectory } from './run-directory.js';

/**
 * The servers of one test run, each started for the first project that asks and shared with the others. They are
 * private: several runs may go on side by side. Their addresses are in the environment, where workers find them.
 */
class TestServers {
  #directory: Promise<string> | undefined;
  #postgres: Promise<Program> | undefined;
  #kafka: Promise<Program> | undefined;
  #users = 0;
  readonly #programs: Program[] = [];

  async use(servers: { kafka: boolean }): Promise<() => Promise<void>> {
    this.#users++;
    this.#directory ??= this.#prepare();
    this.#postgres ??= this.#startPostgres();
    if (servers.kafka) this.#kafka ??= this.#startKafka();
    try {
      await Promise.all([this.#postgres, this.#kafka]);
    } catch (error) {
      await this.#leave();
      throw error;
    }
    return () => this.#leave();
  }

  async #leave(): Promise<void> {
    if (--this.#users > 0) return;
    await Promise.allSettled([this.#postgres, this.#kafka]);
    await Promise.all(this.#programs.splice(0).map(program => program.stop()));
    const directory = await this.#directory;
    if (directory !== undefined) removeRunDirectory(directory);
    this.#directory = this.#postgres = this.#kafka = undefined;
  }

  async #prepare(): Promise<string> {
    // Vitest ends without its teardown when it is interrupted twice.
    process.once('exit', () => this.#programs.forEach(program => program.kill('SIGKILL')));
    return newRunDirectory();
  }

  async #startPostgres(): Promise<Program> {
    const directory = (await this.#directory) ?? '';
    const { port } = await findFreePorts(['port']);
    const program = await startPostgres({
      directory: join(directory, 'postgres'),
      logFile: join(directory, 'postgres.log'),
      pidFile: join(directory, 'pids/postgres.json'),
      port,
      superuserPassword: 'test',
      durable: false,
      launched: launched => this.#programs.push(launched),
    });
    process.env['TEST_POSTGRES_URL'] = superuserUrl(port, 'test');
    return program;
  }

  async #startKafka(): Promise<Program> {
    const directory = (await this.#directory) ?? '';
    const libraries = await fetchKafkaLibraries();
    const { brokerPort, controllerPort } = await findFreePorts(['brokerPort', 'controllerPort']);
    const program = await startKafka({
      directory: join(directory, 'kafka'),
      logFile: join(directory, 'kafka.log'),
      pidFile: join(directory, 'pids/kafka.json'),
      libraries,
      brokerPort,
      controllerPort,
      heapMegabytes: 256,
      launched: launched => this.#programs.push(launched),
    });
    process.env['TEST_KAFKA_BROKERS'] = `127.0.0.1:${brokerPort}`;
    return program;
  }
}

/** Vitest loads a project's set-up in a module graph of its own: what the projects share hangs on the process. */
const key = Symbol.for('ballast.test-servers');
const ofThisProcess = globalThis as { [key]?: TestServers };

export const testServers = (ofThisProcess[key] ??= new TestServers());
