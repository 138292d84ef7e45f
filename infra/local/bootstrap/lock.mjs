import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs the work while no other process installs or builds in this clone: two that do so at once ruin each other's
 * files. A lock that was left by a process that has ended is taken over.
 * @template T
 * @param {string} root @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function withPreparationLock(root, work) {
  const folder = join(root, '.local');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'preparing.pid');
  let told = false;
  while (!taken(file)) {
    const owner = ownerOf(file);
    if (owner === null || !isRunning(owner)) {
      setAside(file, owner);
    } else {
      if (!told) console.log(`Waiting for process ${owner}, which installs or builds in this folder`);
      told = true;
      await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link appears with its content, and for one of two that try at once. */
function taken(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** Removes the lock of a process that has ended; one that somebody else has taken just now is put back. */
function setAside(file, owner) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (ownerOf(aside) !== owner) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || null;
  } catch {
    return null;
  }
}

function isRunning(pid) {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
