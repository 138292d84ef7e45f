import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so, because nothing tells when; resolves with the milliseconds that it took. */
export async function becomes(
  what: string,
  isSo: () => Promise<boolean>,
  withinMs = 30_000,
): Promise<number> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > withinMs) throw new Error(`not so after ${withinMs} ms: ${what}`);
    await sleep(20);
  }
  return performance.now() - begun;
}
