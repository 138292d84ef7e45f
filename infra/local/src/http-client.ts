import type { z } from 'zod';

/** An answer that was not expected, with what the service said about it. */
export class UnexpectedAnswer extends Error {
  constructor(
    readonly request: string,
    readonly status: number,
    readonly body: string,
  ) {
    super(`${request} was answered ${status}: ${body.slice(0, 500)}`);
    this.name = 'UnexpectedAnswer';
  }
}

/** GETs a JSON value that must fit the schema; null when there is none (404). */
export async function find<T>(url: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return await get(url, schema);
  } catch (error) {
    if (error instanceof UnexpectedAnswer && error.status === 404) return null;
    throw error;
  }
}

/** GETs a JSON value that must fit the schema. */
export const get = <T>(url: string, schema: z.ZodType<T>): Promise<T> => request('GET', url, schema);

/** POSTs, and expects a JSON value that fits the schema. */
export function post<T>(
  url: string,
  body: unknown,
  schema: z.ZodType<T>,
  headers: Record<string, string> = {},
): Promise<T> {
  return request('POST', url, schema, body, headers);
}

export const put = <T>(url: string, body: unknown, schema: z.ZodType<T>): Promise<T> =>
  request('PUT', url, schema, body);

async function request<T>(
  method: string,
  url: string,
  schema: z.ZodType<T>,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new UnexpectedAnswer(`${method} ${url}`, response.status, text);
  return schema.parse(text === '' ? undefined : JSON.parse(text));
}
