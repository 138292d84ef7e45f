import { CreateLabel } from '@ballast/contracts';
import { NoDefiniteAnswer, type OutsideAttempt } from '@ballast/messaging';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Carrier } from './carrier.js';

interface Received {
  readonly line: string;
  readonly key: string | undefined;
  readonly body: unknown;
}
type Respond = (response: ServerResponse) => void;

const received: Received[] = [];
let connections = 0;
let respond: Respond;
const server = createServer((request, response) => void take(request, response));
server.on('connection', () => connections++);
let url: string;
let carrier: Carrier;

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received.length = 0;
  connections = 0;
  carrier = new Carrier(url);
});
afterEach(() => carrier.close());
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

const orderId = '0190b4a2-7c1e-7000-8000-000000000001';
const address = {
  zone: 'north',
  name: 'Älice',
  street: '1 High Street',
  city: 'York',
  postalCode: 'YO1 7HX',
};
const request = { reference: orderId, address, day: '2030-12-24' };
const label = (signal = new AbortController().signal): OutsideAttempt => ({
  party: 'carrier',
  operation: 'label',
  request,
  idempotencyKey: `${orderId}:shipping.dispatch`,
  orderId,
  attempt: 1,
  signal,
  deadline: null,
});

describe('a label is asked for', () => {
  test('under its idempotency key, as the contract says', async () => {
    respond = answering(201, { trackingNumber: 'track-9' });
    expect(await carrier.ask(label())).toEqual({ kind: 'accepted', body: { trackingNumber: 'track-9' } });
    expect(received).toEqual([{ line: 'POST /labels', key: `${orderId}:shipping.dispatch`, body: request }]);
    expect(CreateLabel.strict().parse(received[0]?.body)).toEqual(request);
  });

  test('at an address below a path, too', async () => {
    const below = new Carrier(`${url}/parcels/v1/`);
    respond = answering(201, { trackingNumber: 'track-9' });
    await below.ask(label());
    await below.close();
    expect(received[0]?.line).toBe('POST /parcels/v1/labels');
  });

  test('over connections that are open already', async () => {
    respond = answering(201, { trackingNumber: 'track-9' });
    for (let i = 0; i < 50; i++) await carrier.ask(label());
    // The first may not be free yet when the second call begins.
    expect(connections).toBeLessThanOrEqual(2);
  });
});

describe('a definite answer', () => {
  test('is 422: refused, with its reason', async () => {
    respond = answering(422, { code: 'too_heavy', detail: 'no van is that strong' });
    expect(await carrier.ask(label())).toEqual({
      kind: 'refused',
      code: 'too_heavy',
      detail: 'no van is that strong',
    });
  });

  test.each(['', 'refused', '[]', '{"code":5}'])('is 422 with %j for a body', async body => {
    respond = answering(422, body);
    expect(await carrier.ask(label())).toEqual({ kind: 'refused', code: 'refused' });
  });

  test('has words of a length that fits a reply', async () => {
    respond = answering(422, { code: 'c'.repeat(1_000), detail: 'd'.repeat(10_000) });
    const answer = await carrier.ask(label());
    expect(answer).toEqual({ kind: 'refused', code: 'c'.repeat(100), detail: 'd'.repeat(500) });
  });

  test('carries nothing that the contract does not know', async () => {
    respond = answering(200, { trackingNumber: 'track-9', price: 5 });
    expect(await carrier.ask(label())).toEqual({ kind: 'accepted', body: { trackingNumber: 'track-9' } });
  });
});

describe('the outcome stays unknown', () => {
  test.each([400, 402, 404, 409, 429, 500, 503, 302])('after status %d', async status => {
    respond = answering(status, { trackingNumber: 'track-9', code: 'refused' });
    await expect(carrier.ask(label())).rejects.toThrow(NoDefiniteAnswer);
  });

  test.each([
    '',
    '{}',
    'null',
    '{"trackingNumber":""}',
    '{"trackingNumber":7}',
    '{"trackingNumber":"a\\u0000"}',
    `{"trackingNumber":"${'x'.repeat(101)}"}`,
  ])('after a success with %s for a body', async body => {
    respond = answering(201, body);
    await expect(carrier.ask(label())).rejects.toThrow(NoDefiniteAnswer);
  });

  test('when the connection is cut before the answer, or within it', async () => {
    respond = response => void response.destroy();
    await expect(carrier.ask(label())).rejects.toThrow();
    respond = response => {
      response.writeHead(201, { 'content-length': 100 });
      response.write('{"trackingNumber":"track-9"}', () => response.destroy());
    };
    await expect(carrier.ask(label())).rejects.toThrow();
  });

  test('when the answer does not end', async () => {
    respond = response => {
      response.writeHead(201);
      const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
      response.on('close', () => clearInterval(more));
    };
    await expect(carrier.ask(label())).rejects.toThrow();
  });

  test('when it is told to give up, at once', async () => {
    respond = () => undefined;
    const giveUpSoon = AbortSignal.timeout(50);
    const begun = performance.now();
    await expect(carrier.ask(label(giveUpSoon))).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('when nobody listens', async () => {
    const nobody = new Carrier('http://127.0.0.1:1');
    await expect(nobody.ask(label())).rejects.toThrow(/ECONNREFUSED|bad port|connect/);
    await nobody.close();
  });
});
