import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TimedOut, withTimeout } from './with-timeout.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);

describe('a call with a timeout', () => {
  test('that settles in time gives its value or its error, and leaves no timer and no listener', async () => {
    const outside = new AbortController();
    expect(await withTimeout(100, outside.signal, () => Promise.resolve('answer'))).toBe('answer');
    await expect(
      withTimeout(100, outside.signal, () => Promise.reject(new Error('refused'))),
    ).rejects.toThrow('refused');
    const thrown = withTimeout(100, outside.signal, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    expect([vi.getTimerCount(), getEventListeners(outside.signal, 'abort').length]).toEqual([0, 0]);
  });

  test('that does not settle rejects on time, and its own signal is aborted with the same reason', async () => {
    let signal: AbortSignal | undefined;
    const call = withTimeout(100, undefined, own => {
      signal = own;
      return never();
    });
    const failed = expect(call).rejects.toEqual(new TimedOut(100));
    await vi.advanceTimersByTimeAsync(99);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect(signal?.reason).toMatchObject({ code: 'BALLAST_TIMED_OUT', timeoutMs: 100 });
  });

  test('does not abort the next call: each has a signal of its own', async () => {
    const first = withTimeout(10, undefined, never);
    const failed = expect(first).rejects.toBeInstanceOf(TimedOut);
    await vi.advanceTimersByTimeAsync(10);
    await failed;
    expect(await withTimeout(10, undefined, signal => Promise.resolve(signal.aborted))).toBe(false);
  });

  test('whose work fails after the timeout disturbs nobody', async () => {
    const call = withTimeout(
      10,
      undefined,
      () => new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too late')), 50)),
    );
    const failed = expect(call).rejects.toBeInstanceOf(TimedOut);
    await vi.advanceTimersByTimeAsync(100);
    await failed;
  });

  test('that is aborted from outside rejects with that reason', async () => {
    const outside = new AbortController();
    const call = withTimeout(100, outside.signal, never);
    outside.abort(new Error('shutting down'));
    await expect(call).rejects.toThrow('shutting down');
    expect([vi.getTimerCount(), getEventListeners(outside.signal, 'abort').length]).toEqual([0, 0]);
  });

  test.each([-1, NaN, Infinity, 2 ** 31, '100' as unknown as number])(
    'is not made with a time that no timer can wait: %s',
    async timeoutMs => {
      const fn = vi.fn(never);
      await expect(withTimeout(timeoutMs, undefined, fn)).rejects.toBeInstanceOf(RangeError);
      expect([fn.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
    },
  );

  test('that aborts the outer signal and throws at once leaves no rejection behind', async () => {
    vi.useRealTimers();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const outside = new AbortController();
    const call = withTimeout(100, outside.signal, () => {
      outside.abort(new Error('shutting down'));
      throw new Error('at once');
    });
    await expect(call).rejects.toThrow('at once');
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('is not made at all when the outer signal is aborted already', async () => {
    const fn = vi.fn(never);
    await expect(withTimeout(100, AbortSignal.abort(new Error('shutting down')), fn)).rejects.toThrow(
      'shutting down',
    );
    expect(fn).not.toHaveBeenCalled();
  });
});
