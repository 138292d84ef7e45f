import { ESLint } from 'eslint';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

// Without the project graph the rule is skipped silently.
beforeAll(() => promisify(execFile)(join(root, 'node_modules/.bin/nx'), ['show', 'projects'], { cwd: root }));

const eslint = new ESLint({ cwd: root });

/** The rules that an import breaks when this file has it. The text is not written to the disk. */
async function rulesBrokenBy(file: string, statement: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${statement}\n`, { filePath: join(root, file) });
  return [...new Set(result?.messages.map(({ ruleId }) => ruleId ?? 'parser'))];
}

const boundaries = '@nx/enforce-module-boundaries';

describe('what a room may not import is refused', () => {
  test.each([
    [
      'a service imports another service',
      'services/order/src/main.ts',
      "import '../../inventory/src/main.js';",
    ],
    ['a service imports the saga engine', 'services/payment/src/main.ts', "import '@ballast/saga';"],
    ['the saga engine imports Kafka', 'libs/saga/src/index.ts', "import '@ballast/messaging';"],
    ['the contracts import something of ours', 'libs/contracts/src/index.ts', "import '@ballast/platform';"],
    ['the platform imports messaging', 'libs/platform/src/index.ts', "import '@ballast/messaging';"],
    [
      'the resilience library imports something of ours',
      'libs/resilience/src/index.ts',
      "import '@ballast/platform';",
    ],
    ['messaging imports a flow', 'libs/messaging/src/index.ts', "import '@ballast/place-order';"],
    ['messaging imports the testkit', 'libs/messaging/src/index.ts', "import '@ballast/testkit';"],
    ['two-phase commit imports the saga engine', 'libs/two-phase/src/index.ts', "import '@ballast/saga';"],
    ['a choreography imports messaging', 'libs/choreography/src/index.ts', "import '@ballast/messaging';"],
    ['a test imports a service', 'test/e2e/shop.ts', "import '@ballast/inventory/participant';"],
    ['the local stack imports a flow', 'infra/local/src/index.ts', "import '@ballast/place-order';"],
  ])('%s', async (_, file, statement) => {
    expect(await rulesBrokenBy(file, statement)).toEqual([boundaries]);
  });

  test.each(['kafkajs', 'kafkajs/src/broker'])('%s is imported outside messaging', async name => {
    const broken = await rulesBrokenBy('services/order/src/main.ts', `import '${name}';`);
    expect(broken).toEqual(['no-restricted-imports']);
  });

  test.each(['pg', 'kafkajs', '@nestjs/common', 'node:fs', '@ballast/platform'])(
    'domain code imports %s',
    async name => {
      const broken = await rulesBrokenBy('services/payment/src/domain/ledger.ts', `import '${name}';`);
      expect(broken).toContain('no-restricted-imports');
    },
  );
});

describe('what a room may import is let through', () => {
  test.each([
    ['services/order/src/main.ts', "import '@ballast/contracts';"],
    ['services/order/src/main.ts', "import '@ballast/messaging';"],
    ['orchestrator/src/main.ts', "import '@ballast/saga';"],
    ['services/order/src/main.ts', "import '@ballast/choreography';"],
    ['test/simulation/simulate.ts', "import '@ballast/inventory/participant';"],
    ['libs/messaging/src/index.ts', "import 'kafkajs';"],
  ])('%s: %s', async (file, statement) => {
    expect(await rulesBrokenBy(file, statement)).toEqual([]);
  });
});
