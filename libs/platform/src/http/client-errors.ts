import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import { Problem, type EdgeCode, type EdgeProblems } from './problem.js';

/** Answers what is not even HTTP: Node's parser refuses it before any route, filter or hook is asked. */
export const answerClientErrors =
  (problems: EdgeProblems) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = codeByParserError.get(error.code ?? '') ?? 'BAD_REQUEST';
    const body = JSON.stringify(new Problem(problems[code], 'the request could not be read as HTTP/1.1'));
    socket.end(
      `HTTP/1.1 ${problems[code].status} ${reasons[problems[code].status] ?? 'Bad Request'}\r\n` +
        'Connection: close\r\nContent-Type: application/problem+json; charset=utf-8\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };

/** Answers what Node itself would refuse with an empty body: HTTP/1.1 without a Host, and an `Expect` that nobody meets. */
export function refuseUnmet(fastify: FastifyInstance, problems: EdgeProblems): void {
  const { server } = fastify;
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  fastify.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    if (headers.host === undefined && raw.httpVersion === '1.1')
      return done(new Problem(problems.BAD_REQUEST, 'HTTP/1.1 requires a Host header', closing));
    if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
      return done(new Problem(problems.EXPECTATION_FAILED, 'only 100-continue can be expected', closing));
    done();
  });
}

/** A body may follow, or not: what comes next on the connection is anybody's guess. */
const closing = { headers: { connection: 'close' } };

const codeByParserError = new Map<string, EdgeCode>([
  ['HPE_HEADER_OVERFLOW', 'HEADERS_TOO_LARGE'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'],
]);

const reasons: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};
