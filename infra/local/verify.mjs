// `npm test`: every check there is, stage by stage; `npm test -- unit e2e` runs some of them only.
// Plain JavaScript, as it has to say that the build is broken, too. The last line is `N passed, N failed`.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCheck } from './verify/check.mjs';
import { runVitest } from './verify/vitest.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const bin = name => join(root, 'node_modules/.bin', name);

/** @typedef {{ passed: number, failed: number, failures: readonly string[] }} Result */

/**
 * Those of one group run side by side. `needs` names a stage without which this one would prove nothing.
 * @type {readonly (readonly { name: string, needs?: string, run: () => Promise<Result> }[])[]}
 */
const groups = [
  [
    { name: 'format', run: () => runCheck('format', root, [[bin('prettier'), '--check', '.']]) },
    {
      name: 'types',
      run: () =>
        runCheck('types', root, [
          [bin('tsc'), '-b'],
          [bin('tsc'), '-p', 'tsconfig.tests.json'],
        ]),
    },
    {
      name: 'lint',
      // Without the project graph the boundaries between modules are skipped silently.
      run: () =>
        runCheck('lint', root, [
          [bin('nx'), 'show', 'projects'],
          [bin('eslint'), '.', '--max-warnings=0'],
        ]),
    },
  ],
  [{ name: 'unit', run: () => runVitest('unit', root, ['boundaries', 'unit']) }],
  [{ name: 'integration', needs: 'types', run: () => runVitest('integration', root, ['database', 'kafka']) }],
  [{ name: 'e2e', needs: 'types', run: () => runVitest('e2e', root, ['e2e']) }],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !groups.flat().some(stage => stage.name === name));
if (unknown.length > 0) {
  const names = groups.flat().map(({ name }) => name);
  console.error(`There is no stage ${unknown.join(', ')}. Stages: ${names.join(', ')}`);
  process.exit(2);
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (interrupted = true));

const begun = Date.now();
const results = new Map();
for (const group of groups) {
  const stages = group.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (interrupted) break;
  await Promise.all(
    stages.map(async ({ name, needs, run }) => {
      const hopeless = (results.get(needs)?.failed ?? 0) > 0;
      if (hopeless) console.log(`\n✘ ${name}: not run, as ${needs} failed`);
      results.set(name, hopeless ? { passed: 0, failed: 1, failures: [`${name}: not run`] } : await run());
    }),
  );
}

const sum = { passed: 0, failed: 0 };
for (const failure of [...results.values()].flatMap(({ failures }) => failures)) {
  console.log(`\n✘ ${failure}`);
}
console.log();
for (const [name, { passed, failed }] of results) {
  console.log(`${failed === 0 ? '✔' : '✘'} ${name}: ${passed} passed, ${failed} failed`);
  sum.passed += passed;
  sum.failed += failed;
}
console.log(`${((Date.now() - begun) / 1000).toFixed(0)} s in all${interrupted ? ', interrupted' : ''}`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(interrupted ? 130 : sum.failed === 0 && sum.passed > 0 ? 0 : 1);
