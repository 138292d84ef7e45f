import { books, type Sizes } from './table-sizes.js';

/** What was seen at one moment of a soak. */
export interface Sample {
  readonly atMs: number;
  /** Orders that have ended so far. */
  readonly ended: number;
  readonly sizes: Sizes;
  /** The CPU time that a fixed piece of work took, in milliseconds: see `referenceWorkMs`. */
  readonly referenceMs: number;
}

export interface Flatness {
  /** A table, `all purged tables`, or `orders/s`. */
  readonly what: string;
  /** In the second fifth of the run, and in the last: bytes on average, or orders per second. */
  readonly second: number;
  readonly last: number;
  readonly flat: boolean;
}

export interface SoakVerdict {
  readonly verdict: 'flat' | 'not flat' | 'too short';
  readonly reason: string | null;
  readonly checks: readonly Flatness[];
  /** How much quicker the machine itself was in the last fifth than in the second: 1 when it was not. */
  readonly machine: number;
}

const tolerance = 0.1;
/** What little an outbox holds is dead rows that wait for autovacuum: a megabyte more or less is chance. */
const stepBytes = 1_024 * 1_024;
const samplesMin = 20;

/**
 * Whether tables (for as many orders) and throughput stay within a tenth after the first fifth of the run, in which the tables fill up with what
 * is kept for a while. It needs a first fifth that is longer than that while. Throughput counts relative to the machine's own
 * speed, which others who use it change.
 * @param keptMs how long the longest-kept rows that are purged stay
 */
export function judge(samples: readonly Sample[], keptMs: number): SoakVerdict {
  const [first, last] = [samples[0], samples.at(-1)];
  const durationMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs;
  if (samples.length < samplesMin || durationMs < keptMs * 5) {
    const reason = `the run took ${Math.round(durationMs / 1_000)} s, and rows are kept for ${keptMs / 1_000} s: it has to take five times as long`;
    return { verdict: 'too short', reason, checks: [], machine: 1 };
  }
  const fifth = (number: number) =>
    samples.filter(({ atMs }) => {
      const place = (atMs - first!.atMs) / durationMs;
      return place >= (number - 1) / 5 && place <= number / 5;
    });
  const [before, after] = [fifth(2), fifth(5)];
  const machine = referenceMs(before) / referenceMs(after);
  const rate = throughput(before, after, machine);
  /** Rows are kept for a time: more orders in that time are more rows. */
  const growth = Math.max(1, rate.last / rate.second);
  const purged = Object.keys(last!.sizes)
    .filter(table => !books.has(table))
    .sort();
  const checks = [
    rate,
    size('all purged tables', before, after, growth, sizes =>
      purged.reduce((sum, table) => sum + (sizes[table] ?? 0), 0),
    ),
    ...purged.map(table => size(table, before, after, growth, sizes => sizes[table] ?? 0)),
  ];
  const bad = checks.filter(({ flat }) => !flat).map(({ what }) => what);
  return bad.length === 0
    ? { verdict: 'flat', reason: null, checks, machine }
    : { verdict: 'not flat', reason: `not flat: ${bad.join(', ')}`, checks, machine };
}

/** A table that is emptied over and over swings with autovacuum's rounds, of which a fifth has several: the mean counts. */
function size(
  what: string,
  before: readonly Sample[],
  after: readonly Sample[],
  growth: number,
  bytesOf: (sizes: Sizes) => number,
): Flatness {
  const [second, last] = [before, after].map(samples =>
    Math.round(samples.reduce((sum, { sizes }) => sum + bytesOf(sizes), 0) / samples.length),
  );
  return {
    what,
    second: second!,
    last: last!,
    flat: last! <= second! * growth * (1 + tolerance) + stepBytes,
  };
}

const referenceMs = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { referenceMs }) => sum + referenceMs, 0) / samples.length;

/** Of a machine that has become slower, less is asked. */
function throughput(before: readonly Sample[], after: readonly Sample[], machine: number): Flatness {
  const [second, last] = [before, after].map(samples => {
    const [from, to] = [samples[0]!, samples.at(-1)!];
    return Math.round(((to.ended - from.ended) * 1_000) / (to.atMs - from.atMs));
  });
  return {
    what: 'orders/s',
    second: second!,
    last: last!,
    flat: last! >= second! * machine * (1 - tolerance),
  };
}
