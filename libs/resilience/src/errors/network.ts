import type { ErrorClass, ErrorShape } from './error-class.js';

/** Codes of Node's system errors, of its TLS, of its HTTP parser, and of undici, which is also behind `fetch`. */
export const networkCodes: Readonly<Record<string, ErrorClass>> = {
  // There was no connection yet, so nothing was sent.
  ECONNREFUSED: 'transient',
  EHOSTUNREACH: 'transient',
  ENETUNREACH: 'transient',
  EHOSTDOWN: 'transient',
  ENETDOWN: 'transient',
  EADDRNOTAVAIL: 'transient',
  EMFILE: 'transient',
  ENFILE: 'transient',
  ENOTFOUND: 'transient',
  EAI_AGAIN: 'transient',
  UND_ERR_CONNECT_TIMEOUT: 'transient',
  UND_ERR_CLOSED: 'transient',
  // The connection broke, and the other side may have read the request before.
  ECONNRESET: 'unknown',
  ECONNABORTED: 'unknown',
  EPIPE: 'unknown',
  ETIMEDOUT: 'unknown',
  UND_ERR: 'unknown',
  UND_ERR_SOCKET: 'unknown',
  UND_ERR_DESTROYED: 'unknown',
  UND_ERR_HEADERS_TIMEOUT: 'unknown',
  UND_ERR_BODY_TIMEOUT: 'unknown',
  UND_ERR_ABORT: 'unknown',
  UND_ERR_ABORTED: 'unknown',
  UND_ERR_INFO: 'unknown',
  // The request was done, and its answer can't be read.
  UND_ERR_HEADERS_OVERFLOW: 'unknown',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'unknown',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'unknown',
  // The request can't be made like this, now or later.
  UND_ERR_INVALID_ARG: 'bug',
  UND_ERR_INVALID_RETURN_VALUE: 'bug',
  UND_ERR_NOT_SUPPORTED: 'bug',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'bug',
  ERR_INVALID_URL: 'bug',
  ERR_INVALID_ARG_TYPE: 'bug',
  ERR_INVALID_ARG_VALUE: 'bug',
  ERR_TLS_CERT_ALTNAME_INVALID: 'bug',
  CERT_HAS_EXPIRED: 'bug',
  CERT_NOT_YET_VALID: 'bug',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'bug',
  SELF_SIGNED_CERT_IN_CHAIN: 'bug',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'bug',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'bug',
};

/** An error of a connection, by its code; null when it is none. */
export function classifyNetwork({ code, syscall }: ErrorShape): ErrorClass | null {
  if (typeof code !== 'string') return null;
  // While it connects nothing is sent, whatever happens.
  if (syscall === 'connect' && networkCodes[code] === 'unknown') return 'transient';
  if (code.startsWith('HPE_')) return 'unknown';
  return Object.hasOwn(networkCodes, code) ? networkCodes[code]! : null;
}
