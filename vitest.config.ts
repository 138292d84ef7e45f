import { defineConfig } from 'vitest/config';

const sources = { conditions: ['@ballast/source', 'node', 'import', 'module', 'default'] };

export default defineConfig({
  resolve: sources,
  ssr: { resolve: sources },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: [
      '{libs,services,infra}/*/src/**/*.test.ts',
      'orchestrator/src/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    setupFiles: [],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
