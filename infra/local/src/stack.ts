import { allTopics, serviceNames, type ServiceName } from '@ballast/contracts';
import { createTopics } from '@ballast/messaging';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outsideServers, type OutsideServers } from './environment.js';
import { startKafka } from './kafka/kafka.js';
import { fetchKafkaLibraries } from './kafka/libraries.js';
import { startMember } from './member.js';
import { residentMegabytes } from './memory.js';
import { endOrphans } from './orphans.js';
import { takeLock, type Lock } from './owner.js';
import { keepPreviousLogs, makeTraversable, stateDirectory } from './places.js';
import { keepPorts } from './ports.js';
import { databaseUrl, ensureDatabases } from './postgres/databases.js';
import { postgresDirectory, startPostgres, superuserUrl } from './postgres/postgres.js';
import type { Exit, Program } from './program.js';
import { loadSecrets } from './secrets.js';
import {
  isParty,
  membersOf,
  operationsPortOf,
  partyNames,
  portsOf,
  urlOf,
  type Member,
  type PartyName,
  type Replicas,
  type Surroundings,
} from './services.js';
import { Unit } from './unit.js';

/** What a start goes through. Those that do not need each other go on side by side. */
export const stages = [
  'PostgreSQL',
  'databases',
  "Kafka's jars",
  'Kafka',
  'topics',
  'simulators',
  'services',
] as const;
export type Stage = (typeof stages)[number];
export type StageEvent = 'begun' | 'done' | 'skipped' | 'failed';

export interface StackOptions {
  /** Where data, passwords, ports, logs and pids are kept, and found again by the next start. */
  readonly directory?: string;
  /** Processes of each service. */
  readonly replicas?: Replicas;
  /** Environment variables for every service, such as STEP_TIMEOUT_MS. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ports to take where they are free, by unit. Those of the start before come first. */
  readonly wantedPorts?: Readonly<Record<string, number>>;
  /** False for tests that never pull the plug: PostgreSQL flushes nothing to the disk. */
  readonly durable?: boolean;
  readonly outside?: OutsideServers;
  /** What a start that was killed had left running has been ended. */
  readonly onOrphansEnded?: (names: readonly string[]) => void;
  readonly onStage?: (stage: Stage, event: StageEvent) => void;
  /** A process has ended, while nothing was stopped. */
  readonly onExit?: (unit: Unit, exit: Exit) => void;
  /** Ends the start; what runs by then is stopped. */
  readonly signal?: AbortSignal;
}

/**
 * Starts everything; resolves when every process is ready. A start that fails, or is ended, leaves nothing running.
 * @throws AlreadyOwned when another process runs a stack in the same folder
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stack = new Stack(options);
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The shop on this machine: Kafka, PostgreSQL, the simulated parties, the services and the orchestrator. */
export class Stack {
  readonly directory: string;
  readonly #options: StackOptions;
  readonly #outside: OutsideServers;
  readonly #members: readonly Member[];
  readonly #units = new Map<string, Unit>();
  #ports: Record<string, number> = {};
  #brokers = '';
  #databaseUrls: Partial<Record<ServiceName, string>> = {};
  /** What the start has begun: a stop waits for it to end, one way or the other. */
  readonly #underWay: Promise<unknown>[] = [];
  readonly #stopped = new AbortController();
  #stopping: Promise<void> | undefined;
  #lock: Lock | undefined;

  constructor(options: StackOptions) {
    this.#options = options;
    this.directory = options.directory ?? stateDirectory;
    this.#outside = options.outside ?? outsideServers(process.env);
    this.#members = membersOf(options.replicas ?? 1);
  }

  /** A process by name: `postgres`, `kafka`, `card-gateway`, `order`, and `order-2` for a second replica. */
  unit(name: string): Unit {
    const unit = this.#units.get(name);
    if (unit === undefined)
      throw new Error(`there is no ${name}, only ${[...this.#units.keys()].join(', ')}`);
    return unit;
  }

  get units(): readonly Unit[] {
    return [...this.#units.values()];
  }

  /** The processes that run now, by name. */
  get processes(): readonly { readonly name: string; readonly pid: number }[] {
    return this.units.flatMap(({ name, running, program }) =>
      running && program ? [{ name, pid: program.pid }] : [],
    );
  }

  /** Where each service (its first replica), the operators' APIs and each simulated party is reached over HTTP. */
  get urls(): Readonly<Record<ServiceName | PartyName | 'operations' | 'order-operations', string>> {
    const names = [...serviceNames, ...partyNames];
    const urls = names.map(name => [name, this.urlOf(name)] as const);
    return {
      ...(Object.fromEntries(urls) as Record<ServiceName | PartyName, string>),
      operations: this.urlOf(operationsPortOf('orchestrator')),
      'order-operations': this.urlOf(operationsPortOf('order')),
    };
  }

  /** Where one process is reached over HTTP, by name. */
  urlOf(name: string): string {
    return urlOf(name, this.#ports);
  }

  get brokers(): readonly string[] {
    return this.#brokers.split(',');
  }

  get databaseUrls(): Readonly<Record<ServiceName, string>> {
    return this.#databaseUrls as Record<ServiceName, string>;
  }

  /** Of all its processes and of this one, which started them. Outside servers are not in it. */
  residentMegabytes(): number {
    const starter = process.connected ? [process.ppid] : [];
    return residentMegabytes([...this.processes.map(({ pid }) => pid), process.pid, ...starter]);
  }

  /** Services first, then what they work on. Safe to call at any time, and more than once. */
  stop(): Promise<void> {
    this.#stopped.abort();
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async start(): Promise<void> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => void this.stop());
    makeTraversable(this.directory);
    this.#lock = await takeLock(join(this.directory, 'lock.json'));
    const ended = await endOrphans(join(this.directory, 'pids'));
    if (ended.length > 0) this.#options.onOrphansEnded?.(ended);
    this.#forgetUnreachableData();
    keepPreviousLogs(join(this.directory, 'logs'));
    const names = ['postgres', 'kafka', 'kafka-controller', ...this.#members.flatMap(portsOf)];
    const { wantedPorts } = this.#options;
    const reservation = await keepPorts(join(this.directory, 'ports.json'), names, wantedPorts);
    this.#ports = reservation.ports;
    try {
      await this.#startAll();
    } finally {
      await reservation.release();
    }
    signal?.throwIfAborted();
  }

  async #startAll(): Promise<void> {
    const parties = this.#stage('simulators', () => this.#startMembers(isParty));
    await Promise.all([this.#startPostgres(), this.#startKafka(), parties]);
    await this.#stage('services', () => this.#startMembers(member => !isParty(member)));
  }

  /** Nobody knows the password of a database whose folder of ours was deleted: it lies elsewhere, see `postgresDirectory`. */
  #forgetUnreachableData(): void {
    const begun = ['secrets.json', 'ports.json'].some(file => existsSync(join(this.directory, file)));
    if (!begun) rmSync(postgresDirectory(join(this.directory, 'postgres')), { recursive: true, force: true });
  }

  async #startPostgres(): Promise<void> {
    this.#databaseUrls = { ...this.#outside.databaseUrls };
    const own = serviceNames.filter(service => this.#databaseUrls[service] === undefined);
    if (own.length === 0) return this.#skip('PostgreSQL', 'databases');
    const secrets = loadSecrets(join(this.directory, 'secrets.json'), ['postgres', ...own]);
    const port = this.#ports['postgres'] ?? 0;
    const unit = this.#unit('postgres', launched =>
      startPostgres({
        directory: join(this.directory, 'postgres'),
        ...this.#files('postgres'),
        port,
        superuserPassword: secrets.postgres,
        durable: this.#options.durable ?? true,
        launched,
      }),
    );
    await this.#stage('PostgreSQL', () => unit.start());
    const superuser = superuserUrl(port, secrets.postgres);
    const passwords = Object.fromEntries(own.map(service => [service, secrets[service]]));
    await this.#stage('databases', () => ensureDatabases(superuser, passwords));
    for (const service of own)
      this.#databaseUrls[service] = databaseUrl(superuser, service, secrets[service]);
  }

  /**
   * Fewer than a service's own default: each lane is a batch of its own to Kafka and its client, and a machine that
   * runs everything has little to put into each. Enough for eight replicas.
   */
  get #lanes(): string {
    return this.#options.environment?.['LANES'] || process.env['LANES'] || '4';
  }

  async #startKafka(): Promise<void> {
    const { environment } = this.#options;
    this.#brokers = this.#outside.brokers ?? `127.0.0.1:${this.#ports['kafka']}`;
    if (this.#outside.brokers === undefined) await this.#startOwnKafka();
    else this.#skip("Kafka's jars", 'Kafka');
    const prefix = environment?.['TOPIC_PREFIX'] ?? process.env['TOPIC_PREFIX'] ?? '';
    const topics = allTopics.map(topic => `${prefix}${topic}`);
    await this.#stage('topics', () => createTopics(this.brokers, topics, Number(this.#lanes)));
  }

  async #startOwnKafka(): Promise<void> {
    const { signal } = this.#stopped;
    const libraries = await this.#stage("Kafka's jars", () => fetchKafkaLibraries({ signal }));
    const unit = this.#unit('kafka', launched =>
      startKafka({
        directory: join(this.directory, 'kafka'),
        ...this.#files('kafka'),
        libraries,
        brokerPort: this.#ports['kafka'] ?? 0,
        controllerPort: this.#ports['kafka-controller'] ?? 0,
        launched,
      }),
    );
    await this.#stage('Kafka', () => unit.start());
  }

  async #startMembers(which: (member: Member) => boolean): Promise<void> {
    const surroundings: Surroundings = {
      directory: this.directory,
      brokers: this.#brokers,
      databaseUrls: this.#databaseUrls,
      ports: this.#ports,
      environment: { ...this.#options.environment, LANES: this.#lanes },
    };
    const units = this.#members
      .filter(which)
      .map(member =>
        this.#unit(member.name, launched =>
          startMember(member, { surroundings, ...this.#files(member.name), launched }),
        ),
      );
    await Promise.all(units.map(unit => this.#track(unit.start())));
  }

  #unit(name: string, launch: (launched: (program: Program) => void) => Promise<unknown>): Unit {
    const unit: Unit = new Unit(name, started =>
      launch(program => {
        started(program);
        // Too late: everything else is being stopped.
        if (this.#stopping) void program.stop();
        void program.exited.then(exit => this.#stopping ?? this.#options.onExit?.(unit, exit));
      }),
    );
    this.#units.set(name, unit);
    return unit;
  }

  #files(name: string): { logFile: string; pidFile: string } {
    return {
      logFile: join(this.directory, 'logs', `${name}.log`),
      pidFile: join(this.directory, 'pids', `${name}.json`),
    };
  }

  async #stage<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    if (this.#stopping) throw new Error('the start was ended before it was complete');
    this.#options.onStage?.(stage, 'begun');
    try {
      const result = await this.#track(work());
      this.#options.onStage?.(stage, 'done');
      return result;
    } catch (error) {
      this.#options.onStage?.(stage, 'failed');
      throw error;
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.push(work);
    return work;
  }

  #skip(...skipped: Stage[]): void {
    for (const stage of skipped) this.#options.onStage?.(stage, 'skipped');
  }

  async #stopAll(): Promise<void> {
    this.#lock?.stopping();
    const servers = ['kafka', 'postgres'];
    const parties = this.#members.filter(isParty).map(({ name }) => name);
    const inThatOrder = [
      this.units.filter(({ name }) => ![...servers, ...parties].includes(name)),
      this.units.filter(({ name }) => parties.includes(name)),
      this.units.filter(({ name }) => servers.includes(name)),
    ];
    for (const units of inThatOrder) await Promise.all(units.map(unit => unit.stop()));
    await Promise.allSettled(this.#underWay);
    this.#lock?.giveBack();
  }
}
