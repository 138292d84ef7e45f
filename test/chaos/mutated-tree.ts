import { cloneRoot } from '@ballast/local';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A change of one file: `find` stands in it exactly once. */
export interface Patch {
  /** Compiled code, or a query, which is read at run time. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * Copies everything of ours that runs into a folder, as it is compiled, and changes it there. What is installed is
 * linked. The product itself knows nothing of it.
 * @throws when a patch does not fit: the code that it is about has changed
 */
export function mutatedTree(folder: string, patches: readonly Patch[]): void {
  for (const path of globSync(copied, { cwd: cloneRoot })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(cloneRoot, path), join(folder, path), { recursive: true });
  }
  linkModules(folder);
  const libraries = join(cloneRoot, '.local/kafka-libraries');
  mkdirSync(libraries, { recursive: true });
  mkdirSync(join(folder, '.local'));
  symlinkSync(libraries, join(folder, '.local/kafka-libraries'));
  for (const patch of patches) apply(join(folder, patch.file), patch);
}

const copied = [
  'package.json',
  '{libs,services,infra}/*/{package.json,dist}',
  'orchestrator/{package.json,dist}',
  '{libs,services}/*/src/**/*.sql',
  'orchestrator/src/**/*.sql',
  'infra/kafka/*',
];

/** The packages of this repository are the copies; all others are those that are installed. */
function linkModules(folder: string): void {
  const installed = join(cloneRoot, 'node_modules');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@ballast'), { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== '@ballast') symlinkSync(join(installed, name), join(modules, name));
  }
  for (const path of globSync(['{libs,services,infra}/*/package.json', 'orchestrator/package.json'], {
    cwd: folder,
  })) {
    const { name } = JSON.parse(readFileSync(join(folder, path), 'utf8')) as { name: string };
    symlinkSync(join(folder, dirname(path)), join(modules, name));
  }
}

function apply(path: string, { file, find, replace }: Patch): void {
  if (!existsSync(path)) throw new PatchDoesNotFit(file, 'there is no such file');
  const text = readFileSync(path, 'utf8');
  const places = text.split(find).length - 1;
  if (places !== 1) throw new PatchDoesNotFit(file, `"${find}" stands in it ${places} times, not once`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}

export class PatchDoesNotFit extends Error {
  override readonly name = 'PatchDoesNotFit';

  constructor(file: string, why: string) {
    super(`${file} cannot be mutated: ${why}`);
  }
}
