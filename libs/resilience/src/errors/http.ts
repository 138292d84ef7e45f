import type { ErrorClass, ErrorShape } from './error-class.js';

/**
 * What a status of HTTP says (RFC 9110, 6585) about a request that changes something. Those that are not here:
 * 3xx and 4xx `bug`, as the request is not one that the server takes; 5xx `unknown`, as it may have failed half-way.
 */
export const httpStatuses: Readonly<Record<number, ErrorClass>> = {
  402: 'rejected', // Payment Required
  403: 'rejected', // Forbidden: understood, and refused
  404: 'rejected', // Not Found
  408: 'transient', // Request Timeout: the request did not arrive whole
  409: 'rejected', // Conflict
  410: 'rejected', // Gone
  412: 'rejected', // Precondition Failed
  421: 'transient', // Misdirected Request: another connection will do
  422: 'rejected', // Unprocessable Content
  423: 'rejected', // Locked
  424: 'rejected', // Failed Dependency
  425: 'transient', // Too Early
  429: 'transient', // Too Many Requests
  451: 'rejected', // Unavailable For Legal Reasons
  501: 'bug', // Not Implemented
  503: 'transient', // Service Unavailable
  505: 'bug', // HTTP Version Not Supported
};

/** An error that carries a response's status, as `status` or `statusCode`; null when it carries none. */
export function classifyHttp({ status, statusCode }: ErrorShape): ErrorClass | null {
  const code = typeof status === 'number' ? status : statusCode;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 300 || code > 599) return null;
  return httpStatuses[code] ?? (code >= 500 ? 'unknown' : 'bug');
}
