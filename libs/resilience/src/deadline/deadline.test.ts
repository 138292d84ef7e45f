import { expect, test } from 'vitest';
import { pipeline } from '../pipeline/pipeline.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { deadlineHeaders, deadlineOf } from './deadline.js';

test('a deadline arrives as it was sent', () => {
  const deadline = new Date('2026-01-02T03:04:05.678Z');
  expect(deadlineHeaders(deadline)).toEqual({ deadline: '2026-01-02T03:04:05.678Z' });
  expect(deadlineOf(deadlineHeaders(deadline)['deadline'])).toEqual(deadline);
  expect(deadlineHeaders(null)).toEqual({});
});

test('a deadline that no header can say is none', async () => {
  const far = [Number.MAX_SAFE_INTEGER, Date.UTC(10_001, 0, 1), Infinity];
  const sent = far.map(deadline =>
    pipeline('far', []).run(call => Promise.resolve(deadlineHeaders(call.deadline)), { deadline }),
  );
  expect(await Promise.all(sent)).toEqual([{}, {}, {}]);
  expect(deadlineHeaders(new Date(NaN))).toEqual({});
});

test('of several the earliest counts', () => {
  const texts = ['2026-01-02T03:04:06Z', '2026-01-02T04:04:05+01:00', '2026-01-02T03:04:07Z'];
  expect(deadlineOf(texts)).toEqual(new Date('2026-01-02T03:04:05Z'));
});

test.each([undefined, '', 'soon', '1767323045', '2026-01-02', '2026-13-02T03:04:05Z', []])(
  'what makes no sense is none: %j',
  text => {
    expect(deadlineOf(text)).toBeUndefined();
  },
);

test('each hop has the smaller of its own time and what is left', async () => {
  const clock = new VirtualClock();
  const hop = (timeoutMs: number) =>
    pipeline('hop', [{ policy: 'attemptTimeout', timeoutMs }], { clock, random: Math.random });
  const seen: number[] = [];
  const start = clock.epochMs();
  const pass = (deadline: Date | null) => {
    seen.push(Number(deadline) - start);
    return deadlineOf(deadlineHeaders(deadline)['deadline']);
  };
  await hop(300).run(({ deadline: first }) =>
    hop(1_000).run(
      ({ deadline: second }) =>
        hop(100).run(({ deadline }) => Promise.resolve(pass(deadline)), { deadline: pass(second) }),
      { deadline: pass(first) },
    ),
  );
  expect(seen).toEqual([300, 300, 100]);
});
