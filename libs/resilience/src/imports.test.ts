import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** All that is imported, directly or through other files of this library, types left out. */
function importsOf(entry: string): { readonly files: readonly URL[]; readonly packages: readonly string[] } {
  const files = new Map<string, URL>();
  const packages = new Set<string>();
  const visit = (file: URL) => {
    if (files.has(file.href)) return;
    files.set(file.href, file);
    for (const { fileName } of ts.preProcessFile(emitted(file)).importedFiles) {
      if (fileName.startsWith('.')) visit(new URL(fileName.replace(/\.js$/, '.ts'), file));
      else packages.add(fileName);
    }
  };
  visit(new URL(entry, import.meta.url));
  return { files: [...files.values()], packages: [...packages].sort() };
}

/** What is left of a file when its types are gone. */
function emitted(file: URL): string {
  const path = fileURLToPath(file);
  expect(existsSync(path), path).toBe(true);
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext };
  return ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions }).outputText;
}

test('the library needs opossum and nothing else, and Nest least of all', () => {
  const { files, packages } = importsOf('index.ts');
  expect(files.length).toBeGreaterThan(25);
  expect(packages).toEqual(['node:events', 'node:util', 'opossum']);
});

test('only its entry for Nest imports Nest', () => {
  expect(importsOf('nest/index.ts').packages).toEqual(['@nestjs/common']);
  expect(importsOf('testing/index.ts').packages).toEqual([]);
});
