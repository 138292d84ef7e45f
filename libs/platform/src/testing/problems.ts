import type { EdgeProblems } from '../http/problem.js';

/** Every code with its status: what @ballast/contracts has, and may have titles of its own. */
const statuses = {
  BAD_REQUEST: 400,
  MALFORMED_JSON: 400,
  VALIDATION_FAILED: 400,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  EXPECTATION_FAILED: 417,
  HEADERS_TOO_LARGE: 431,
  INTERNAL_ERROR: 500,
  UNAVAILABLE: 503,
};
export const problems = Object.fromEntries(
  Object.entries(statuses).map(([code, status]) => [code, { code, status, title: `title of ${code}` }]),
) as EdgeProblems;
