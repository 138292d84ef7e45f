/**
 * How long to wait before trying again: exponential backoff with full jitter, anything from 0 to
 * `baseMs * 2 ** (attempt - 1)`, at most `maxMs`. Callers that failed together spread out, which equal delays would
 * not do (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).
 *
 * @param options.attempt how many times it was tried so far, from 1
 * @param options.random from 0 up to, not including, 1
 * @returns whole milliseconds
 */
export function retryDelayMs(options: {
  readonly attempt: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly random?: () => number;
}): number {
  const { attempt, baseMs, maxMs, random = Math.random } = options;
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`attempt ${attempt}: counted from 1`);
  if (!(baseMs > 0 && maxMs > 0)) throw new RangeError(`baseMs ${baseMs} and maxMs ${maxMs}: above 0`);
  // 2 ** 1024 is Infinity, which the minimum makes right again.
  const highestMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return Math.round(random() * highestMs);
}
