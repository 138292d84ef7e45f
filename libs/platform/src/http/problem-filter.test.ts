import 'reflect-metadata';
import { Body, Controller, Get, HttpException, Module, Param, Post, Query, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../logging/logger.js';
import { buildApplication } from '../process/build-application.js';
import { problems } from '../testing/problems.js';
import { Problem } from './problem.js';

const Parcel = z.strictObject({ name: z.string(), lines: z.array(z.object({ quantity: z.int().min(1) })) });

@Controller()
class Parcels {
  @Post('parcels')
  create(@Body({ schema: Parcel }) parcel: z.infer<typeof Parcel>) {
    return parcel;
  }

  @Post('anything')
  anything(@Body({ schema: z.json().optional() }) body: unknown) {
    return { body: body ?? null };
  }

  @Get('parcels/:id')
  read(@Param('id', { schema: z.uuid() }) id: string) {
    throw new Problem({ code: 'PARCEL_LOST', status: 410, title: 'Lost' }, `parcel ${id} is lost`, {
      headers: { 'x-last-seen': 'north' },
      extensions: { lastSeen: 'north', status: 200 },
    });
  }

  @Get('search')
  search(@Query('limit', { schema: z.coerce.number().max(10) }) limit: number) {
    return { limit };
  }

  @Get('bug')
  bug() {
    throw new TypeError('secret: the password is hunter2');
  }

  @Get('passing')
  passing() {
    throw Object.assign(new Error('the lock is taken'), { code: '55P03', severity: 'ERROR' });
  }

  @Get('teapot')
  teapot() {
    throw new HttpException('short and stout', 418);
  }

  @Get('half')
  half(@Res() reply: FastifyReply) {
    reply.raw.writeHead(200, { 'content-type': 'text/plain' });
    reply.raw.write('the first half');
    throw new Error('the second half is missing');
  }
}

@Module({ controllers: [Parcels] })
class ParcelsModule {}

const lines: string[] = [];
let app: NestFastifyApplication;
let port: number;

beforeAll(async () => {
  app = await buildApplication({
    name: 'parcels',
    module: ParcelsModule,
    logger: createLogger({ name: 'parcels', destination: { write: line => void lines.push(line) } }),
    problems,
  });
  await app.listen(0, '127.0.0.1');
  ({ port } = app.getHttpServer().address() as { port: number });
});
afterAll(() => app.close());

const json = { 'content-type': 'application/json' };

async function problemOf(request: Parameters<NestFastifyApplication['inject']>[0]) {
  const response = await app.inject(request as never);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const body = response.json<Record<string, unknown>>();
  expect(body).toMatchObject({
    status: response.statusCode,
    type: `urn:ballast:problem:${String(body['code'])}`,
  });
  return { status: response.statusCode, code: body['code'], body, headers: response.headers };
}

const post = (url: string, payload: string, headers: Record<string, string> = json) =>
  problemOf({ method: 'POST', url, payload, headers });

describe('what the client did wrong', () => {
  test('a body that does not match its schema: each field is named', async () => {
    const { status, code, body } = await post(
      '/parcels',
      '{"lines":[{"quantity":1},{"quantity":0.5}],"extra":1}',
    );
    expect([status, code]).toEqual([400, 'VALIDATION_FAILED']);
    const paths = (body['errors'] as { path: string }[]).map(error => error.path);
    expect(paths).toContain('name');
    expect(paths).toContain('lines.1.quantity');
  });

  test('a path or query parameter that does not match: its name is the path', async () => {
    const inPath = await problemOf({ method: 'GET', url: '/parcels/7' });
    expect(inPath.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'id' }] });
    const inQuery = await problemOf({ method: 'GET', url: '/search?limit=many' });
    expect(inQuery.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'limit' }] });
  });

  test('the list of errors is cut, whatever the body', async () => {
    const { body } = await post('/parcels', JSON.stringify({ name: 'x', lines: Array(5_000).fill({}) }));
    expect(body['errors']).toHaveLength(50);
  });

  test.each([
    ['cut off', '{"name":'],
    ['no JSON at all', 'name=x'],
    ['with a trailing comma', '{"name":"x",}'],
    ['that would set a prototype', '{"name":"x","__proto__":{"admin":true}}'],
    ['that would set a constructor', '{"constructor":{"prototype":{"admin":true}}}'],
  ])('JSON %s', async (_, payload) => {
    expect(await post('/parcels', payload)).toMatchObject({ status: 400, code: 'MALFORMED_JSON' });
  });

  test.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
  ])('%s nested so deeply that a recursive schema overflows the stack', async (_, payload) => {
    expect(await post('/anything', payload)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(await post('/parcels', payload)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  });

  test('an empty body where one is due', async () => {
    expect(await post('/parcels', '')).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(await problemOf({ method: 'POST', url: '/parcels' })).toMatchObject({ status: 400 });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'nonsense',
    'multipart/form-data',
    'application/json; charset=utf-16',
    'application/json;charset="latin1"',
  ])('content type %s', async type => {
    expect(await post('/parcels', '{"name":"x","lines":[]}', { 'content-type': type })).toMatchObject({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    });
  });

  test.each(['gzip', 'identity, gzip', 'nonsense'])('content encoding %s', async coding => {
    const headers = { ...json, 'content-encoding': coding };
    for (const payload of ['{"name":"x","lines":[]}', gzipSync('{"name":"x","lines":[]}')]) {
      expect(await problemOf({ method: 'POST', url: '/parcels', payload, headers })).toMatchObject({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        headers: { 'accept-encoding': 'identity' },
      });
    }
  });

  test.each([
    ['another byte', Buffer.from('{"name":"\xff\xfe","lines":[]}', 'latin1')],
    ['a character cut off', Buffer.from('{"name":"\xe2\x82","lines":[]}', 'latin1')],
    ['a surrogate', Buffer.from('{"name":"\xed\xa0\x80","lines":[]}', 'latin1')],
    ['UTF-16', Buffer.from('{"name":"x","lines":[]}', 'utf16le')],
  ])('a body that is not UTF-8: %s', async (_, payload) => {
    expect(await problemOf({ method: 'POST', url: '/parcels', payload, headers: json })).toMatchObject({
      status: 400,
      code: 'MALFORMED_JSON',
    });
  });

  test('two megabytes', async () => {
    const { status, code } = await post(
      '/parcels',
      JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024), lines: [] }),
    );
    expect([status, code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('an unknown address', async () => {
    expect(await problemOf({ method: 'GET', url: '/nowhere?secret=1' })).toMatchObject({
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      body: { detail: 'there is nothing at GET /nowhere' },
    });
  });

  test('a method that the address does not know: those that it knows are said', async () => {
    expect(await problemOf({ method: 'DELETE', url: '/parcels/7' })).toMatchObject({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      headers: { allow: 'GET, HEAD' },
    });
    expect(await problemOf({ method: 'GET', url: '/parcels' })).toMatchObject({ headers: { allow: 'POST' } });
  });

  test.each([
    ['GET', '/search/'],
    ['DELETE', '/parcels/'],
    ['GET', '/docs/nonexistent.js'],
    ['HEAD', '/docs/nonexistent.js'],
  ] as const)('%s %s is not found, and not told to be another method', async (method, url) => {
    const { statusCode, headers } = await app.inject({ method, url });
    expect([statusCode, headers.allow]).toEqual([404, undefined]);
  });

  test.each([
    ['a malformed escape', '/parcels/%zz', 400, 'BAD_REQUEST'],
    ['a malformed escape, whatever is before it', '/JSON%zz', 400, 'BAD_REQUEST'],
    ['a parameter longer than any id', `/parcels/${'x'.repeat(301)}`, 414, 'URI_TOO_LONG'],
  ])('%s in the address', async (_, url, status, code) => {
    expect(await problemOf({ method: 'GET', url })).toMatchObject({ status, code });
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'BAD_REQUEST'],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'BAD_REQUEST'],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['no host', 'GET /search HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
    [
      'an expectation that nobody meets',
      'GET /search HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\n\r\n',
      417,
      'EXPECTATION_FAILED',
    ],
    [
      'a length that is none',
      'POST /parcels HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
      400,
      'BAD_REQUEST',
    ],
  ])('%s on the socket', async (_, bytes, status, code) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
  });
});

describe('what is accepted', () => {
  test.each([
    ['in UTF-8 without a word about it', json],
    ['with its charset', { 'content-type': 'application/json; charset=UTF-8' }],
    ['with its charset in quotes', { 'content-type': 'application/json;charset="utf-8"; v=1' }],
    ['in the coding that is none', { ...json, 'content-encoding': 'Identity' }],
  ])('JSON %s', async (_, headers) => {
    const payload = '{"name":"Zoë €😀","lines":[]}';
    for (const text of [payload, `\ufeff${payload}`]) {
      const answer = await app.inject({ method: 'POST', url: '/parcels', payload: text, headers });
      expect([answer.statusCode, answer.json()]).toEqual([201, { name: 'Zoë €😀', lines: [] }]);
    }
  });

  test('a body that waits for 100-continue, and HTTP/1.0 without a host', async () => {
    const body = '{"name":"x","lines":[]}';
    const head = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue`;
    expect(await exchange(`POST /parcels HTTP/1.1\r\n${head}\r\n\r\n${body}`)).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /,
    );
    expect(await exchange('GET /search?limit=1 HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('what we say of ourselves', () => {
  test('a problem keeps its status, code, headers and extensions', async () => {
    const id = '018f2d2e-0000-7000-8000-000000000000';
    expect(await problemOf({ method: 'GET', url: `/parcels/${id}` })).toMatchObject({
      status: 410,
      code: 'PARCEL_LOST',
      headers: { 'x-last-seen': 'north' },
      body: { title: 'Lost', detail: `parcel ${id} is lost`, lastSeen: 'north', status: 410 },
    });
  });

  test('an unexpected error is logged, and nothing of it is told', async () => {
    lines.length = 0;
    const { status, code, body } = await problemOf({ method: 'GET', url: '/bug' });
    expect([status, code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|TypeError|\.ts/);
    const logged = lines.map(line => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'INTERNAL_ERROR', method: 'GET', url: '/bug' }),
    );
    expect(lines.join('')).toContain('hunter2');
  });

  test('a database that is busy or away is 503 with Retry-After, not 500', async () => {
    expect(await problemOf({ method: 'GET', url: '/passing' })).toMatchObject({
      status: 503,
      code: 'UNAVAILABLE',
      headers: { 'retry-after': '1' },
    });
  });

  test("a status of Nest's that has no code of its own becomes the general one", async () => {
    expect(await problemOf({ method: 'GET', url: '/teapot' })).toMatchObject({
      status: 400,
      code: 'BAD_REQUEST',
    });
  });

  test('an answer that fails half way is broken off', async () => {
    const answer = await exchange('GET /half HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toContain('the first half');
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

/** Sends bytes and reads until the server closes, or says nothing more. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', data => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
