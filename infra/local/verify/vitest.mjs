import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/**
 * Runs the tests of some projects of vitest.config.ts; what they print is shown as it comes.
 * @returns how many passed and failed, and a text for each failure
 */
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
  const results = readReport(report);
  const counts = countResults(results, code);
  const failures = listFailures(results, root);
  // Such as an error that no test waited for.
  if (counts.failed > 0 && failures.length === 0)
    failures.push(`${stage} ended with ${code}: see its output`);
  return { ...counts, failures };
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

/** As many lines of a failure as say what was expected, and where; the whole of it stands in the stage's own output. */
const failureLines = 12;

/**
 * Pure. One text for each test that failed and each file that could not be run: who reads only the end of a long log
 * learns from it what went wrong.
 * @param report what Vitest's JSON reporter wrote; null when it wrote nothing
 */
export function listFailures(report, root) {
  if (report === null) return ['the tests wrote no report'];
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(test => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [describe(file, [message])] : [];
    return failed.map(test => describe(`${file} > ${test.fullName}`, test.failureMessages));
  });
}

function describe(title, messages) {
  const lines = stripVTControlCharacters(messages.join('\n')).split('\n').slice(0, failureLines);
  return [title, ...lines.map(line => `    ${line}`)].join('\n');
}
