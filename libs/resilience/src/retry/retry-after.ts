/**
 * When asking again may help, in milliseconds from now, by what an error says: a number `retryAfterMs`, or the field
 * Retry-After of the response's `headers`, in seconds or as a date (RFC 9110, 10.2.3).
 * @param epochMs now, in milliseconds since 1970
 * @returns null when it says nothing
 */
export function retryAfterMsOf(error: unknown, epochMs: number): number | null {
  try {
    return saidBy(error, epochMs);
  } catch {
    // An error whose getters throw says nothing either, and is still what the caller gets.
    return null;
  }
}

function saidBy(error: unknown, epochMs: number): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const { retryAfterMs, headers } = error as { retryAfterMs?: unknown; headers?: unknown };
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) return retryAfterMs;
  const field = fieldOf(headers);
  if (field === undefined) return null;
  if (/^\d+$/.test(field)) return Number(field) * 1_000;
  const dateMs = Date.parse(field);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - epochMs);
}

function fieldOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (headers instanceof Headers) return headers.get('retry-after')?.trim();
  const name = Object.keys(headers).find(key => key.toLowerCase() === 'retry-after');
  const value = name === undefined ? undefined : (headers as Record<string, unknown>)[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first.trim() : typeof first === 'number' ? String(first) : undefined;
}
