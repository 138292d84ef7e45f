import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { Problem, type EdgeProblems, type ProblemKind } from './problem.js';

/**
 * Bodies are JSON in UTF-8, sent as it is. Nest's own parsers would take forms, and Fastify's plain text, other bytes
 * as U+FFFD, and whatever was said of a charset or coding. An empty body is none, whatever its type says.
 */
export function acceptJsonOnly(fastify: FastifyInstance, problems: EdgeProblems): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (bytes.length === 0) return done(null, undefined);
    const unsupported = unsupportedIn(request.headers, problems.UNSUPPORTED_MEDIA_TYPE);
    if (unsupported !== undefined) return done(unsupported);
    if (!isUtf8(bytes)) return done(new Problem(problems.MALFORMED_JSON, 'the body is not UTF-8'));
    void parse(request, bytes.toString(), done);
  });
}

function unsupportedIn(headers: FastifyRequest['headers'], kind: ProblemKind): Problem | undefined {
  const { 'content-type': type = '', 'content-encoding': coding } = headers;
  if (otherCharset.test(type)) return new Problem(kind, 'bodies are UTF-8: no other charset is supported');
  if (coding === undefined || /^\s*identity\s*$/i.test(coding)) return undefined;
  // RFC 9110, 12.5.3: the header tells a coding that is not supported from a type that is not.
  const detail = 'bodies are sent as they are: no Content-Encoding is supported';
  return new Problem(kind, detail, { headers: { 'accept-encoding': 'identity' } });
}

/** A charset that is not `utf-8`, quoted or not. */
const otherCharset = /;\s*charset\s*=(?!\s*"?utf-?8"?\s*(?:;|$))/i;
