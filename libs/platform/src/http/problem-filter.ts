import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { isPassingDatabaseError } from '../database/errors.js';
import type { Logger } from '../logging/logger.js';
import { Problem, type EdgeCode, type EdgeProblems } from './problem.js';

/**
 * Answers every error of the HTTP edge as problem+json. What nobody expected is logged, and the client learns its
 * code only. Errors of messages are handed on as they are: Nest would hide the original from the transport.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly problems: EdgeProblems,
    private readonly logger: Logger,
    /** The methods that an address knows, to tell a wrong method from a wrong address. */
    private readonly methodsOf: (path: string) => readonly string[] = () => [],
  ) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() !== 'http') return throwError(() => error);
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for what Fastify refuses before Nest is asked. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = this.problemOf(error, request);
    if (problem.status >= 500) this.log(error, problem, request);
    if (reply.raw.headersSent) {
      // Too late for another status: an answer that breaks off is the only honest one.
      reply.raw.destroy();
      return;
    }
    void reply
      .code(problem.status)
      .headers(problem.headers)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem));
  }

  private problemOf(error: unknown, request: FastifyRequest): Problem {
    if (error instanceof Problem) return error;
    if (isPassingDatabaseError(error))
      return this.unavailable('the database cannot be reached or is busy', error);
    const status = statusOf(error);
    if (status === 404) return this.notFound(request);
    if (status === 503) return this.unavailable('try again later', error, checksOf(error));
    if (status !== undefined && status >= 400 && status < 500) return this.refused(status, error as Error);
    return new Problem(this.problems.INTERNAL_ERROR, 'the error was logged', { cause: error });
  }

  private notFound(request: FastifyRequest): Problem {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = this.methodsOf(path);
    // A file that is not there is not found at an address that knows the method.
    return methods.length === 0 || methods.includes(request.method)
      ? new Problem(
          this.problems.ROUTE_NOT_FOUND,
          `there is nothing at ${request.method} ${path.slice(0, 200)}`,
        )
      : new Problem(
          this.problems.METHOD_NOT_ALLOWED,
          `${request.method} is not one of ${methods.join(', ')}`,
          {
            headers: { allow: methods.join(', ') },
          },
        );
  }

  private unavailable(detail: string, cause: unknown, extensions: Record<string, unknown> = {}): Problem {
    return new Problem(this.problems.UNAVAILABLE, detail, {
      headers: { 'retry-after': '1' },
      extensions,
      cause,
    });
  }

  private refused(status: number, error: Error): Problem {
    const code = isJsonError(error) ? 'MALFORMED_JSON' : (codeByStatus.get(status) ?? 'BAD_REQUEST');
    return new Problem(this.problems[code], error.message.slice(0, 500), { cause: error });
  }

  private log(error: unknown, problem: Problem, request: FastifyRequest): void {
    const about = { code: problem.code, method: request.method, url: request.url, err: error };
    // Health is asked all the time: who asks sees what is down, and what is down says so in the log itself.
    if ('checks' in problem.extensions) this.logger.debug(about, 'the process is not well');
    else if (problem.status === 503) this.logger.warn(about, 'a request could not be answered now');
    else this.logger.error(about, 'a request failed');
  }
}

const codeByStatus = new Map<number, EdgeCode>([
  [405, 'METHOD_NOT_ALLOWED'],
  [408, 'REQUEST_TIMEOUT'],
  [413, 'BODY_TOO_LARGE'],
  [414, 'URI_TOO_LONG'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [431, 'HEADERS_TOO_LARGE'],
]);

/** Of Nest's exceptions and of Fastify's errors; only these are meant for the client. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  return typeof statusCode === 'number' && typeof code === 'string' && code.startsWith('FST_')
    ? statusCode
    : undefined;
}

/** Of Fastify's parser, which Nest keeps as the cause of its own exception. */
const isJsonError = (error: Error): boolean =>
  [error, error.cause].some(
    it => (it as { code?: unknown } | undefined)?.code === 'FST_ERR_CTP_INVALID_JSON_BODY',
  );

/** The health check's indicators, when it is terminus that answers 503. */
function checksOf(error: unknown): Record<string, unknown> {
  const response = error instanceof HttpException ? error.getResponse() : undefined;
  return typeof response === 'object' && 'details' in response ? { checks: response.details } : {};
}
