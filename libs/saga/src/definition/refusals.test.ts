import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const path = fileURLToPath(new URL('saga.test-d.ts', import.meta.url));
const source = readFileSync(path, 'utf8');
const expectation = /^ *\/\/ @ts-expect-error (.*)$/;

/** Every wrong definition, and the line that the compiler has to refuse. */
const wrong = source.split('\n').flatMap((line, index) => {
  const [, why] = expectation.exec(line) ?? [];
  return why === undefined ? [] : [{ why, line: index + 2 }];
});

test('the compiler refuses every wrong definition, and no right one', { timeout: 60_000 }, () => {
  const refused = linesWithErrors(source.replace(/@ts-expect-error/g, 'wrong:'));
  expect(wrong.length).toBeGreaterThan(15);
  expect(refused).toEqual(wrong.map(({ line }) => line));
});

test('a definition that is expected to be wrong and is right is an error', { timeout: 60_000 }, () => {
  const line = source.split('\n').length;
  expect(linesWithErrors(`${source}// @ts-expect-error\nasDefinition(reserved);\n`)).toEqual([line]);
});

function linesWithErrors(text: string): number[] {
  const config = ts.readConfigFile(
    fileURLToPath(new URL('../../../../tsconfig.tests.json', import.meta.url)),
    file => readFileSync(file, 'utf8'),
  );
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const { options } = ts.parseJsonConfigFileContent(
    { ...config.config, include: [], files: [path] },
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, settings, ...rest) =>
    name === path ? ts.createSourceFile(name, text, settings) : read(name, settings, ...rest);
  const program = ts.createProgram([path], options, host);
  const file = program.getSourceFile(path);
  return program
    .getSemanticDiagnostics(file)
    .map(({ start }) => file!.getLineAndCharacterOfPosition(start!).line + 1);
}
