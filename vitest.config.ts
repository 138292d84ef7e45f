import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Not 'import': Vitest hands the conditions on to Node, where `require` would then be given ES modules.
const sources = { conditions: ['@ballast/source', 'node'] };

const rooms = '{libs,services,infra}/*/src/**/';
const files = (name: string) => [`${rooms}${name}`, `orchestrator/src/**/${name}`, `test/**/${name}`];
const database = files('*.db.test.ts');
const kafka = files('*.kafka.test.ts');
const endToEnd = ['test/{e2e,conformance}/**/*.test.ts'];
/** They wait for the servers for a third of their time. */
const integrationWorkers = availableParallelism() + 1;
const temporaryFiles = 'infra/local/src/test-servers/temporary-files.ts';
const boundaries = ['test/boundaries/*.test.ts'];

/** Of those that wait for most of their time, the longest first: none is left alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex(name => moduleId.endsWith(name));
      return found < 0 ? longest.length : found;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

const longest = [
  ...['boundaries', 'party/server', 'seeds', 'explore'],
  ...['pool.db', 'card-orders.kafka', 'passes.kafka', 'choreographed-orders.kafka', 'outside-servers.kafka'],
  ...['card-outages.kafka', 'failures', 'start', 'conformance', 'protocols'],
].map(name => `/${name}.test.ts`);

/** A test file's name says what it needs; only that is started, for the files that are run. */
export default defineConfig({
  resolve: sources,
  ssr: { resolve: sources },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // A second, which is its default, can pass on a busy machine while nothing happens.
    expect: { poll: { timeout: 20_000 } },
    // By default one core is left to who watches.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // The files of a worker share what they import: to load Nest and kafkajs for each of them took a third of the time.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // The bootstrap is plain JavaScript, and so are its tests.
          include: [...files('*.test.ts'), 'infra/local/{bootstrap,verify}/*.test.mjs'],
          exclude: [...database, ...kafka, ...endToEnd, ...boundaries],
          globalSetup: temporaryFiles,
        },
      },
      {
        extends: true,
        test: {
          name: 'database',
          sequence: { groupOrder: 1 },
          maxWorkers: integrationWorkers,
          include: database,
          globalSetup: ['infra/local/src/test-servers/postgres.ts', temporaryFiles],
        },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          sequence: { groupOrder: 2 },
          maxWorkers: integrationWorkers,
          include: kafka,
          // Many wait for several things, each for as long as a busy machine may take.
          testTimeout: 60_000,
          globalSetup: ['infra/local/src/test-servers/kafka.ts', temporaryFiles],
        },
      },
      {
        extends: true,
        test: {
          name: 'boundaries',
          include: boundaries,
          isolate: true,
          // In a single run, which CI=true stands for, typescript-eslint takes a file's text from the disk.
          env: { NX_DAEMON: 'false', NX_TUI: 'false', TSESTREE_SINGLE_RUN: 'false' },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: endToEnd,
          // Each file has a stack of its own, and waits for most of its time.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
