import { describe, expect, test } from 'vitest';
import { retryDelayMs } from './retry-delay.js';

const longest = () => 1 - Number.EPSILON;

describe('the delay before a retry', () => {
  test('doubles with each attempt at most, up to its limit', () => {
    const delays = [1, 2, 3, 4, 5, 50, 5_000].map(attempt =>
      retryDelayMs({ attempt, baseMs: 100, maxMs: 1_000, random: longest }),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  test('is anything from nothing to that (full jitter)', () => {
    const delay = (random: number) =>
      retryDelayMs({ attempt: 3, baseMs: 100, maxMs: 1_000, random: () => random });
    expect([0, 0.25, 0.5].map(delay)).toEqual([0, 100, 200]);
  });

  test('spreads evenly', () => {
    const delays = Array.from({ length: 10_000 }, () =>
      retryDelayMs({ attempt: 1, baseMs: 1_000, maxMs: 1_000 }),
    );
    const average = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    // The standard error of this average is 2.9 ms: this is 13 of them.
    expect(Math.abs(average - 500)).toBeLessThan(38);
    expect(delays.every(delay => Number.isInteger(delay) && delay >= 0 && delay <= 1_000)).toBe(true);
  });

  test.each([
    { attempt: 0, baseMs: 1, maxMs: 1 },
    { attempt: 1.5, baseMs: 1, maxMs: 1 },
    { attempt: NaN, baseMs: 1, maxMs: 1 },
    { attempt: 1, baseMs: 0, maxMs: 1 },
    { attempt: 1, baseMs: 1, maxMs: NaN },
  ])('refuses $attempt, $baseMs, $maxMs', options => {
    expect(() => retryDelayMs(options)).toThrow(RangeError);
  });
});
