import { randomFillSync } from 'node:crypto';
import type { Logger } from './logger.js';

/** W3C trace context, as messages carry it and as HTTP requests bring it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** The trace that a request belongs to: the caller's when its headers are valid, else a new one. */
export function traceContextOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): TraceContext {
  const traceparent = single(headers['traceparent']);
  if (traceparent === undefined || parseTraceparent(traceparent) === undefined) {
    return { traceparent: newTraceparent() };
  }
  const tracestate = single(headers['tracestate']);
  // Printable ASCII, as long as every implementation must carry on (W3C Trace Context, 3.3.1.5).
  return tracestate !== undefined && /^[\x20-\x7e]{1,512}$/.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}

export interface Traceparent {
  readonly traceId: string;
  readonly parentId: string;
  readonly sampled: boolean;
}

/** Version 00 only: later versions are to be read as 00 by their first four fields, and nothing sends them yet. */
export function parseTraceparent(header: string): Traceparent | undefined {
  const [, traceId, parentId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/** The root of a new, sampled trace. */
export function newTraceparent(): string {
  const hex = randomHex24();
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

/** The trace id of a traceparent that was validated before, without parsing it again. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => traceparent?.slice(3, 35);

/** A logger whose lines carry the order and the trace that they are about. */
export const loggerFor = (
  logger: Logger,
  about: { readonly orderId?: string; readonly traceparent?: string | undefined },
): Logger => logger.child({ orderId: about.orderId, traceId: traceIdOf(about.traceparent) });

const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** 24 random bytes in hex from a pool: a system call for each would cost more than the rest of it. */
function randomHex24(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 24;
  return pool.toString('hex', used - 24, used);
}
const pool = Buffer.alloc(24 * 256);
let used = pool.length;
