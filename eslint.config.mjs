import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What each room may import; docs/ARCHITECTURE.md says why. A package without a line here may import nothing of ours. */
const mayImport = {
  contracts: [],
  resilience: [],
  platform: [],
  saga: ['contracts'],
  choreography: ['contracts'],
  'two-phase': ['contracts'],
  'place-order': ['contracts', 'saga', 'choreography', 'two-phase'],
  messaging: ['contracts', 'choreography', 'two-phase', 'resilience', 'platform'],
  testkit: ['contracts', 'messaging', 'platform', 'saga'],
  service: ['contracts', 'messaging', 'platform', 'resilience', 'choreography', 'two-phase', 'place-order'],
  orchestrator: ['contracts', 'messaging', 'platform', 'resilience', 'saga', 'two-phase', 'place-order'],
  infra: ['contracts', 'messaging', 'platform'],
  test: [
    'contracts',
    'messaging',
    'platform',
    'resilience',
    'saga',
    'choreography',
    'two-phase',
    'place-order',
    'testkit',
    'infra',
  ],
};

/** Tests may also use what exists for them. */
const testsMayImport = Object.fromEntries(
  Object.entries(mayImport).map(([room, rooms]) => [room, [...rooms, 'testkit', 'infra']]),
);

const boundaries = rooms => [
  'error',
  {
    allow: [],
    depConstraints: Object.entries(rooms).map(([room, names]) => ({
      sourceTag: `room:${room}`,
      onlyDependOnLibsWithTags: names.map(name => `room:${name}`),
    })),
  },
];

const onlyIn = (folder, patterns) => ({
  files: ['{libs,services,infra}/*/src/**/*.ts', 'orchestrator/src/**/*.ts', 'test/**/*.ts'],
  ignores: [folder],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export default tseslint.config(
  { ignores: ['**/dist', '**/.local', '.nx', '**/node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@nx/enforce-module-boundaries': boundaries(mayImport),
    },
  },
  {
    files: ['**/*.test.ts', '**/*.fixture.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(testsMayImport) },
  },
  {
    // It runs the services' own decisions, without their processes.
    files: ['test/simulation/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        test: ['contracts', 'messaging', 'saga', 'choreography', 'two-phase', 'place-order', 'service'],
      }),
    },
  },
  onlyIn('libs/messaging/**', [
    { group: ['kafkajs', 'kafkajs/*'], message: 'Kafka is reached through @ballast/messaging only.' },
  ]),
  {
    files: ['**/domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            '@nestjs/*',
            'pg',
            'kafkajs',
            'opossum',
            'node:*',
            '@ballast/platform',
            '@ballast/messaging/*',
          ],
        },
      ],
    },
  },
);
