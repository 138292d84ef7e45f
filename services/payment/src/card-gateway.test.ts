import { NoDefiniteAnswer, type OutsideAttempt } from '@ballast/messaging';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CardGateway } from './card-gateway.js';

interface Received {
  readonly line: string;
  readonly key: string | undefined;
  readonly deadline: unknown;
  readonly body: unknown;
}
type Respond = (response: ServerResponse) => void;

const received: Received[] = [];
let connections = 0;
let respond: Respond;
const server = createServer((request, response) => void take(request, response));
server.on('connection', () => connections++);
let url: string;
let gateway: CardGateway;

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received.length = 0;
  connections = 0;
  gateway = new CardGateway(url);
});
afterEach(() => gateway.close());
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push({
    line: `${request.method} ${request.url}`,
    key: request.headers['idempotency-key'] as string | undefined,
    deadline: request.headers['deadline'],
    body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
  });
  respond(response);
}

const answering =
  (status: number, body: unknown): Respond =>
  response =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));

const attempt = (
  operation: string,
  request: unknown,
  signal = new AbortController().signal,
): OutsideAttempt => ({
  party: 'card-gateway',
  operation,
  request,
  idempotencyKey: 'order-1:payment.authorize',
  orderId: 'order-1',
  attempt: 1,
  signal,
  deadline: null,
});
const hold = attempt('hold', { token: 'tok-1', amountCents: 300 });
const capture = attempt('capture', { holdId: 'hold/7' });
const giveUp = attempt('void', { holdId: 'hold/7' });

describe('what is asked', () => {
  test.each([
    ['a hold', hold, 'POST /holds', { token: 'tok-1', amountCents: 300 }, 201, { holdId: 'hold/7' }],
    ['a capture', capture, 'POST /holds/hold%2F7/capture', {}, 200, { captureId: 'capture-9' }],
    ['a void', giveUp, 'POST /holds/hold%2F7/void', {}, 200, {}],
  ])('for %s, under its idempotency key', async (_, call, line, body, status, answer) => {
    respond = answering(status, answer);
    expect(await gateway.ask(call)).toEqual({ kind: 'accepted', body: answer });
    expect(received).toEqual([{ line, key: 'order-1:payment.authorize', deadline: undefined, body }]);
  });

  test('is told until when the answer is of use, if somebody stops waiting', async () => {
    respond = answering(201, { holdId: 'hold-7' });
    await gateway.ask({ ...hold, deadline: new Date('2030-01-01T00:00:05Z') });
    expect(received[0]?.deadline).toBe('2030-01-01T00:00:05.000Z');
  });

  test('goes to an address below a path, too', async () => {
    const below = new CardGateway(`${url}/cards/v1`);
    respond = answering(201, { holdId: 'hold-7' });
    await below.ask(hold);
    await below.close();
    expect(received[0]?.line).toBe('POST /cards/v1/holds');
  });

  test('uses connections that are open already', async () => {
    respond = answering(201, { holdId: 'hold-7' });
    for (let i = 0; i < 50; i++) await gateway.ask(hold);
    // The first may not be free yet when the second call begins.
    expect(connections).toBeLessThanOrEqual(2);
  });
});

describe('a definite answer', () => {
  test('is 402: declined, with its reason', async () => {
    respond = answering(402, { code: 'do_not_honour', detail: 'ask your bank' });
    expect(await gateway.ask(hold)).toEqual({
      kind: 'refused',
      code: 'do_not_honour',
      detail: 'ask your bank',
    });
  });

  test.each(['', 'declined', '[]', '{"code":5}'])('is 402 with %j for a body', async body => {
    respond = answering(402, body);
    expect(await gateway.ask(capture)).toEqual({ kind: 'refused', code: 'declined' });
  });

  test('has words of a length that fits a reply', async () => {
    respond = answering(402, { code: 'c'.repeat(1_000), detail: 'd'.repeat(10_000) });
    const answer = await gateway.ask(hold);
    expect(answer).toEqual({ kind: 'refused', code: 'c'.repeat(100), detail: 'd'.repeat(500) });
  });

  test('to a void is any 2xx, whatever its body', async () => {
    respond = response => void response.writeHead(204).end();
    expect(await gateway.ask(giveUp)).toEqual({ kind: 'accepted', body: {} });
  });

  test('carries nothing that the contract does not know', async () => {
    respond = answering(201, { holdId: 'hold-7', pan: '4111' });
    expect(await gateway.ask(hold)).toEqual({ kind: 'accepted', body: { holdId: 'hold-7' } });
  });
});

describe('the outcome stays unknown', () => {
  test.each([400, 404, 409, 422, 429, 500, 503, 302])('after status %d', async status => {
    respond = answering(status, { holdId: 'hold-7', code: 'declined' });
    await expect(gateway.ask(hold)).rejects.toThrow(NoDefiniteAnswer);
  });

  test.each([
    '',
    '{}',
    'null',
    '{"holdId":""}',
    '{"holdId":7}',
    '{"holdId":"a\\u0000"}',
    `{"holdId":"${'x'.repeat(101)}"}`,
  ])('after a success with %s for a body', async body => {
    respond = answering(201, body);
    await expect(gateway.ask(hold)).rejects.toThrow(NoDefiniteAnswer);
  });

  test('when the connection is cut before the answer, or within it', async () => {
    respond = response => void response.destroy();
    await expect(gateway.ask(hold)).rejects.toThrow();
    respond = response => {
      response.writeHead(201, { 'content-length': 100 });
      response.write('{"holdId":"hold-7"}', () => response.destroy());
    };
    await expect(gateway.ask(hold)).rejects.toThrow();
  });

  test('when the answer does not end', async () => {
    respond = response => {
      response.writeHead(201);
      const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
      response.on('close', () => clearInterval(more));
    };
    await expect(gateway.ask(hold)).rejects.toThrow();
  });

  test('when it is told to give up, at once', async () => {
    respond = () => undefined;
    const giveUpSoon = AbortSignal.timeout(50);
    const begun = performance.now();
    await expect(gateway.ask(attempt('hold', { token: 't', amountCents: 1 }, giveUpSoon))).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('when nobody listens', async () => {
    const nobody = new CardGateway('http://127.0.0.1:1');
    await expect(nobody.ask(hold)).rejects.toThrow(/ECONNREFUSED|bad port|connect/);
    await nobody.close();
  });
});
