import { OrderStatusEvent } from '@ballast/contracts';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { WaitingRoom } from '../watching/waiting-room.js';
import { aBody, orderApi } from './order-api.fixture.js';

const api = await orderApi({ seats: 5 });
let port = 0;
beforeAll(async () => {
  await api.app.listen(0, '127.0.0.1');
  port = (api.app.getHttpServer().address() as AddressInfo).port;
});

async function place(): Promise<string> {
  return (await api.post('/orders', aBody)).json<{ id: string }>().id;
}

/** Until so many of the five seats are free. */
async function freeSeats(count: number): Promise<void> {
  const room = api.app.get(WaitingRoom);
  while (room.free !== count) await sleep(5);
}

/** A stream as a client reads it, over a real connection. */
async function open(id: string, headers: Record<string, string> = {}) {
  const request: ClientRequest = get({ host: '127.0.0.1', port, path: `/orders/${id}/events`, headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // A stream that is cut off by its client ends with an error as well.
  response.on('error', () => undefined);
  const ended = new Promise<void>(resolve => response.on('close', resolve));
  return {
    response,
    request,
    ended,
    get text() {
      return text;
    },
    /** The data of the events so far. */
    get events() {
      return text
        .split('\n\n')
        .filter(block => block.includes('event: status'))
        .map(block => OrderStatusEvent.parse(JSON.parse(/^data: (.*)$/m.exec(block)![1]!)));
    },
    async until(count: number) {
      await expect.poll(() => this.events.length, { interval: 10 }).toBeGreaterThanOrEqual(count);
    },
  };
}

test.each(['here', 'elsewhere'] as const)(
  'a stream shows the status at once, then its change %s, and ends',
  async where => {
    const id = await place();
    const stream = await open(id);
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers['content-type']).toBe('text/event-stream');
    await stream.until(1);
    expect(stream.events).toEqual([{ id, status: 'PENDING', reason: null, endedAt: null }]);
    await api.end(id, { status: 'CANCELLED', reason: 'NO_CAPACITY' }, where);
    await stream.ended;
    expect(stream.events.slice(1)).toEqual([
      { id, status: 'CANCELLED', reason: 'NO_CAPACITY', endedAt: expect.any(String) },
    ]);
    expect(stream.text).toContain('id: CANCELLED\n');
  },
);

test('the stream of an order that has ended shows that and ends', async () => {
  const id = await place();
  await api.end(id, { status: 'COMPLETED' });
  const stream = await open(id, { 'last-event-id': 'PENDING' });
  await stream.ended;
  expect(stream.events).toMatchObject([{ id, status: 'COMPLETED' }]);
});

test('a client that comes back after the last event is told to stay away', async () => {
  const id = await place();
  await api.end(id, { status: 'COMPLETED' });
  const stream = await open(id, { 'last-event-id': 'COMPLETED' });
  await stream.ended;
  expect(stream.response.statusCode).toBe(204);
  expect(stream.text).toBe('');
});

test('a Last-Event-ID that makes no sense is ignored', async () => {
  const stream = await open(await place(), { 'last-event-id': '7\u00e9' });
  await stream.until(1);
  stream.request.destroy();
});

test('HEAD opens no stream', async () => {
  const request = httpRequest({
    method: 'HEAD',
    host: '127.0.0.1',
    port,
    path: `/orders/${await place()}/events`,
  }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'close');
  expect(response.statusCode).toBeLessThan(500);
});

test('streams are bounded in number, and make room when their clients go away', async () => {
  await freeSeats(5);
  const id = await place();
  const streams = await Promise.all(Array.from({ length: 5 }, () => open(id)));
  const refused = await open(id);
  expect(refused.response.statusCode).toBe(503);
  expect(refused.response.headers['retry-after']).toBe('1');
  await refused.ended;
  for (const { request } of streams) request.destroy();
  await freeSeats(5);
  const next = await open(id);
  expect(next.response.statusCode).toBe(200);
  next.request.destroy();
});

test('a shutdown ends streams and long polls at once, with what is known', async () => {
  await freeSeats(5);
  const id = await place();
  const stream = await open(id);
  await stream.until(1);
  const poll = fetch(`http://127.0.0.1:${port}/orders/${id}?wait=30000`);
  await freeSeats(3);
  const startedAtMs = performance.now();
  await api.app.close();
  expect(await (await poll).json()).toMatchObject({ id, status: 'PENDING' });
  await stream.ended;
  expect(performance.now() - startedAtMs).toBeLessThan(15_000);
});
