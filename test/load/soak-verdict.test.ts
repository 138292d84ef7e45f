import { expect, test } from 'vitest';
import { judge, type Sample } from './soak-verdict.js';

const megabyte = 1_048_576;

/** A hundred samples, one a second. */
const samples = (
  sizes: (second: number) => Record<string, number>,
  ended = (second: number) => second * 500,
  referenceMs: (second: number) => number = () => 20,
): Sample[] =>
  Array.from({ length: 101 }, (_, second) => ({
    atMs: second * 1_000,
    ended: ended(second),
    sizes: sizes(second),
    referenceMs: referenceMs(second),
  }));

test('tables that fill up in the first fifth and stay so are flat, though the books grow', () => {
  const run = samples(second => ({
    'orchestrator.saga': Math.min(second, 20) * megabyte,
    'order.orders': second * megabyte,
  }));
  expect(judge(run, 15_000)).toMatchObject({ verdict: 'flat', reason: null });
});

test('a table that goes on growing is named', () => {
  const run = samples(second => ({ 'payment.inbox': second * megabyte, 'payment.outbox': 5 * megabyte }));
  expect(judge(run, 15_000)).toMatchObject({
    verdict: 'not flat',
    reason: 'not flat: all purged tables, payment.inbox',
  });
});

test('a table that swings between the same sizes is flat, however its swings fall into the fifths', () => {
  const run = samples(second => ({
    'payment.outbox': (second % 10 < 8 || second < 50 ? 24 : 56) * megabyte,
  }));
  const steady = samples(second => ({ 'payment.outbox': (6 + (second % 9)) * megabyte }));
  expect(judge(steady, 15_000).verdict).toBe('flat');
  expect(judge(run, 15_000).verdict).toBe('not flat');
});

test('a table that holds more because more orders come is flat; one that holds more for each is not', () => {
  const faster = (second: number) => Math.min(second, 60) * 500 + Math.max(0, second - 60) * 600;
  const holding = (megabytes: number) =>
    samples(second => ({ 'orchestrator.saga': (second < 60 ? 50 : megabytes) * megabyte }), faster);
  expect(judge(holding(60), 15_000).verdict).toBe('flat');
  expect(judge(holding(72), 15_000).verdict).toBe('not flat');
});

test('a throughput that falls by more than a tenth is not flat', () => {
  const run = samples(
    () => ({ 'payment.inbox': megabyte }),
    second => Math.min(second, 60) * 500 + Math.max(0, second - 60) * 400,
  );
  expect(judge(run, 15_000)).toMatchObject({ verdict: 'not flat', reason: 'not flat: orders/s' });
});

test('a throughput that falls as the machine slows down is flat; one that falls though the machine is quicker is not', () => {
  const sizes = () => ({ 'payment.inbox': megabyte });
  const falling = (second: number) => Math.min(second, 60) * 500 + Math.max(0, second - 60) * 400;
  const slower = judge(
    samples(sizes, falling, second => (second < 60 ? 20 : 25)),
    15_000,
  );
  expect(slower).toMatchObject({ verdict: 'flat', machine: 0.8 });
  const steady = (second: number) => second * 500;
  expect(
    judge(
      samples(sizes, steady, second => (second < 60 ? 25 : 20)),
      15_000,
    ).verdict,
  ).toBe('not flat');
});

test('a run that is shorter than five times what is kept proves nothing', () => {
  expect(
    judge(
      samples(() => ({})),
      25_000,
    ),
  ).toMatchObject({ verdict: 'too short' });
  expect(judge([], 1_000)).toMatchObject({ verdict: 'too short' });
});
