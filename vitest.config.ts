import { defineConfig } from 'vitest/config';

// Not 'import': Vitest hands the conditions on to Node, where `require` would then be given ES modules.
const sources = { conditions: ['@ballast/source', 'node'] };

const rooms = '{libs,services,infra}/*/src/**/';
const files = (name: string) => [`${rooms}${name}`, `orchestrator/src/**/${name}`, `test/**/${name}`];
const [database, kafka, endToEnd] = [
  files('*.db.test.ts'),
  files('*.kafka.test.ts'),
  ['test/e2e/**/*.test.ts'],
];

/** A test file's name says what it needs; only that is started, for the files that are run. */
export default defineConfig({
  resolve: sources,
  ssr: { resolve: sources },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: files('*.test.ts'),
          exclude: [...database, ...kafka, ...endToEnd, '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'database',
          include: database,
          globalSetup: 'infra/local/src/test-servers/postgres.ts',
        },
      },
      {
        extends: true,
        test: { name: 'kafka', include: kafka, globalSetup: 'infra/local/src/test-servers/kafka.ts' },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: endToEnd,
          // Each file has a stack of its own: two at a time would share two cores.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
