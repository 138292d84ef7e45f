import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Contestant } from './contestants.js';

/** As often the process does what else there is to do, timers and the collection of garbage among it. */
const callsPerTurn = 1_000;

/**
 * Each contestant in turn, so many rounds, so that what else goes on in the machine meets all of them. Counted is the
 * processor's time: as every call succeeds at once it is all there is, and waiting for a processor is none of theirs.
 * @returns the median of its rounds, in microseconds per call, by name
 */
export async function microsecondsPerCall(
  contestants: readonly Contestant[],
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Promise<ReadonlyMap<string, number>> {
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (const { call } of contestants) await repeat(call, calls);
  for (let round = 0; round < rounds; round++) {
    for (const { name, call } of contestants) {
      const before = process.cpuUsage();
      await repeat(call, calls);
      const { user, system } = process.cpuUsage(before);
      times.get(name)!.push((user + system) / calls);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

/** One after the other, each awaited. */
async function repeat(call: () => Promise<unknown>, calls: number): Promise<void> {
  for (let made = 1; made <= calls; made++) {
    await call();
    if (made % callsPerTurn === 0) await nextTurn();
  }
}

/**
 * By how much the heap has grown after so many calls, 100 under way at a time, garbage collected.
 * @returns megabytes of 10^6 bytes
 */
export async function heapGrowthMb({ call }: Contestant, calls: number): Promise<number> {
  const collect = garbageCollector();
  await inParallel(call, Math.min(calls, 200_000));
  const before = heapUsed(collect);
  await inParallel(call, calls);
  return (heapUsed(collect) - before) / 1e6;
}

async function inParallel(call: () => Promise<unknown>, calls: number): Promise<void> {
  for (let made = 0; made < calls; made += callsPerTurn) {
    for (let part = 0; part < callsPerTurn / 100; part++) {
      await Promise.all(Array.from({ length: 100 }, call));
    }
    await nextTurn();
  }
}

function heapUsed(collect: () => void): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
