/** An entry of the registry of error codes (libs/contracts/src/problems.ts). */
export interface ProblemKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/**
 * An error that an HTTP client is told of, as RFC 9457 problem details: `throw new Problem(problems.ORDER_NOT_FOUND,
 * 'there is no order 7')`.
 */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What happened this time, for a person; nothing internal. */
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the body. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly extensions?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(`${kind.code}: ${detail}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Problem';
    this.code = kind.code;
    this.status = kind.status;
    this.title = kind.title;
    this.detail = detail;
    this.headers = more.headers ?? {};
    this.extensions = more.extensions ?? {};
  }

  /** The body of the answer. Standard members win over extensions of the same name. */
  toJSON(): Record<string, unknown> {
    return {
      ...this.extensions,
      type: `urn:ballast:problem:${this.code}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      code: this.code,
    };
  }
}

/** The codes that the HTTP edge itself answers with. A registry must have them all. */
export type EdgeCode =
  | 'BAD_REQUEST'
  | 'MALFORMED_JSON'
  | 'VALIDATION_FAILED'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TIMEOUT'
  | 'BODY_TOO_LARGE'
  | 'URI_TOO_LONG'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'EXPECTATION_FAILED'
  | 'HEADERS_TOO_LARGE'
  | 'INTERNAL_ERROR'
  | 'UNAVAILABLE';

export type EdgeProblems = Readonly<Record<EdgeCode, ProblemKind>>;
