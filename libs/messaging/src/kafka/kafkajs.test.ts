import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import './kafkajs.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aConnection(maxInFlightRequests: number | null = null) {
  const sent: number[] = [];
  const queue = new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: '127.0.0.1:9092',
    logger: { debug() {}, warn() {} },
  });
  const send = (correlationId: number) =>
    queue.push({
      entry: { correlationId, reject() {}, resolve() {} },
      expectResponse: true,
      sendRequest: () => void sent.push(correlationId),
    });
  const answer = (correlationId: number) =>
    queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });
  return { queue, sent, send, answer };
}

test('an idle connection to Kafka waits for nothing', () => {
  const { sent, send, answer } = aConnection();
  send(1);
  answer(1);
  expect(sent).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a request that has to wait for another is sent after it', () => {
  const { sent, send, answer } = aConnection(1);
  send(1);
  send(2);
  expect(sent).toEqual([1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
  answer(2);
  vi.runAllTimers();
  expect(vi.getTimerCount()).toBe(0);
});

test('a request that Kafka has put off is sent when it may be', () => {
  const { queue, sent, send, answer } = aConnection();
  queue.maybeThrottle(500);
  send(1);
  vi.advanceTimersByTime(499);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(sent).toEqual([1]);
  answer(1);
  vi.runAllTimers();
  expect(vi.getTimerCount()).toBe(0);
});
