import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const path = fileURLToPath(new URL('pipeline.test-d.ts', import.meta.url));
const source = readFileSync(path, 'utf8');
const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** The line after every expectation is one that the compiler has to refuse. */
const wrong = source
  .split('\n')
  .flatMap((line, index) => (/^ *\/\/ @ts-expect-error ./.test(line) ? [index + 2] : []));

test('the compiler refuses every wrong pipeline, and no right one', { timeout: 60_000 }, () => {
  const refused = linesWithErrors(source.replace(/@ts-expect-error/g, 'wrong:'));
  expect(wrong.length).toBeGreaterThan(15);
  expect([...new Set(refused)]).toEqual(wrong);
});

test('a pipeline that is expected to be wrong and is right is an error', { timeout: 60_000 }, () => {
  const line = source.split('\n').length;
  const right = "// @ts-expect-error\npipeline('right', [retry, breaker]);\n";
  expect(linesWithErrors(`${source}${right}`)).toEqual([line]);
});

function linesWithErrors(text: string): number[] {
  const { config } = ts.readConfigFile(`${root}tsconfig.tests.json`, file => readFileSync(file, 'utf8')) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [path] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, settings, ...rest) =>
    name === path ? ts.createSourceFile(name, text, settings) : read(name, settings, ...rest);
  const program = ts.createProgram([path], options, host);
  const file = program.getSourceFile(path)!;
  return program
    .getSemanticDiagnostics(file)
    .map(({ start }) => file.getLineAndCharacterOfPosition(start!).line + 1);
}
