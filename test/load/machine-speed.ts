const text = JSON.stringify(
  Array.from({ length: 40 }, (_, line) => ({
    sku: `article-${line}`,
    quantity: line,
    note: 'x'.repeat(line),
  })),
);
const repetitions = 2_000;

/**
 * The CPU time that a fixed piece of work takes just now, in milliseconds; some 20. A machine that others use too slows
 * down and recovers by a third: nothing else tells that from a shop that does. That somebody else has the core meanwhile makes
 * no difference. The system counts CPU time in steps of some milliseconds: only the mean of many tells.
 */
export function referenceWorkMs(): number {
  const before = process.threadCpuUsage();
  for (let time = 0; time < repetitions; time++) JSON.parse(text);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
