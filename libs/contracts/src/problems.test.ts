import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { problems } from './problems.js';
import { cancellationReasons } from './rejections.js';

/* docs/errors.md must know every code and invent none. */

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${repository}docs/errors.md`, 'utf8');

test('every code of a problem is documented with its status, and every documented one exists', () => {
  const documented = rowsOf('Answers of the HTTP interfaces').map(([code, status]) => `${code} ${status}`);
  expect(documented.sort()).toEqual(
    Object.values(problems)
      .map(({ code, status }) => `${code} ${status}`)
      .sort(),
  );
});

test('every reason of a cancellation is documented, and every documented one exists', () => {
  const documented = rowsOf('Why an order is cancelled').map(([reason]) => reason);
  expect(documented.sort()).toEqual([...new Set(cancellationReasons)].sort());
});

test('every error that the code names BALLAST_... is documented, and every documented one exists', () => {
  const sources = globSync('{{libs,services,infra}/*,orchestrator}/src/**/*.ts', { cwd: repository });
  const named = sources
    .filter(file => !file.endsWith('.test.ts'))
    .flatMap(file => [
      ...readFileSync(`${repository}${file}`, 'utf8').matchAll(/\bcode(?:: string)? = '(BALLAST_\w+)'/g),
    ])
    .map(([, code]) => code);
  expect(named).not.toHaveLength(0);
  expect(rowsOf('Errors inside').map(([code]) => code)).toEqual([...new Set(named)].sort());
});

test('codes are in capitals, and their statuses are those of errors', () => {
  for (const [name, { code, status, title }] of Object.entries(problems)) {
    expect(code).toBe(name);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).not.toBe('');
  }
});

/** The cells of the rows of a section's table, without their backticks. */
function rowsOf(heading: string): string[][] {
  const section = page.split(/^## /m).find(text => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/errors.md has no section "${heading}"`);
  return section
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('`', '')),
    );
}

test('an action is refused in words that fit a saga and a choreographed order', () => {
  expect(problems.OPERATION_REFUSED.title).not.toMatch(/saga|choreograph/i);
});
