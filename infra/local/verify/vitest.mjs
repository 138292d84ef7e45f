import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs the tests of some projects of vitest.config.ts; what they print is shown as it comes. */
export async function runVitest(stage, root, projects) {
  console.log(`\n▶ ${stage}`);
  const folder = join(root, '.local', 'test-reports');
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `${stage}.json`);
  rmSync(report, { force: true });
  const args = ['run', ...projects.map(project => `--project=${project}`)];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await new Promise(resolve => {
    const vitest = join(root, 'node_modules/.bin/vitest');
    const child = spawn(vitest, [...args, ...reporters], { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  return countResults(readReport(report), code);
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Pure. A test file that could not even be loaded has no tests: it counts as one that failed. So does a run that
 * failed for another reason than its tests, such as a set-up or an error that nobody caught.
 * @param report what Vitest's JSON reporter wrote; null when it wrote nothing
 */
export function countResults(report, exitCode) {
  if (report === null) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some(test => test.status === 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}
