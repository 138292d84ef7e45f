import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runQuietly } from './run.mjs';

/** The Node that the project brings along, as an npm package. */
export const projectNode = root => join(root, 'node_modules/.bin/node');

/**
 * Runs `npm ci`, unless node_modules is what package-lock.json says. npm keeps its own record of what it installed, and
 * writes it last: without it an installation was cut short.
 */
export async function installDependencies(root) {
  if (existsSync(projectNode(root)) && isInstalled(root)) return;
  // The project's Node comes by an install script, and the tools to build are development dependencies.
  const args = [
    'ci',
    '--include=dev',
    '--ignore-scripts=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const [command, ...first] = npm();
  await runQuietly('Installing the dependencies (npm ci)', command, [...first, ...args], {
    cwd: root,
    env: process.env,
  });
  if (!existsSync(projectNode(root))) {
    throw new Error("npm ci has not installed the project's own Node: were install scripts denied?");
  }
}

/** Whether each package of the lock is there in that version; optional ones are for other platforms. */
export function isInstalled(root) {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  return (
    Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || path in installed) &&
    Object.entries(installed).every(
      ([path, { version, integrity }]) =>
        path in wanted && version === wanted[path].version && integrity === wanted[path].integrity,
    )
  );
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** The npm that runs us; the machine's when nobody does. */
function npm() {
  const running = process.env.npm_execpath;
  return running && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}
