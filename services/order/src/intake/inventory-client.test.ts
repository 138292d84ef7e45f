import { createLogger } from '@ballast/platform';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { InventoryClient } from './inventory-client.js';
import { inventoryPipeline } from './inventory-policies.js';

const logger = createLogger({ name: 'test', level: 'silent' });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Where it is not about time: waits for an answer however slow the machine is. */
function patientPipeline(): ReturnType<typeof inventoryPipeline> {
  const guard = inventoryPipeline();
  guard.tune({ timeout: { timeoutMs: 20_000 }, attemptTimeout: { timeoutMs: 20_000 } });
  return guard;
}

/** A client of an inventory that answers like this. */
async function clientOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  guard = patientPipeline(),
): Promise<InventoryClient> {
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const client = new InventoryClient(`http://127.0.0.1:${port}`, logger, guard);
  closers.push(() => client.close());
  return client;
}

test.each([
  [200, 'known'],
  [404, 'unknown'],
  [500, 'undecided'],
  [302, 'undecided'],
] as const)('a %i means that the SKU is %s', async (status, answer) => {
  const client = await clientOf((_, response) => response.writeHead(status).end('{}'));
  expect(await client.ask('kettle')).toBe(answer);
});

test('the SKU is asked for under its own address, over connections that are used again', async () => {
  const urls: (string | undefined)[] = [];
  const ports = new Set<number | undefined>();
  const client = await clientOf((request, response) => {
    urls.push(request.url);
    ports.add(request.socket.remotePort);
    response.end('{}');
  });
  for (let i = 0; i < 50; i++) await client.ask('blue-kettle.2');
  expect(urls).toEqual(Array.from({ length: 50 }, () => '/stock/blue-kettle.2'));
  expect(ports.size).toBeLessThan(9);
});

test('an inventory that does not answer in time leaves the question open', async () => {
  const guard = inventoryPipeline();
  guard.tune({ timeout: { timeoutMs: 100 } });
  const client = await clientOf(() => undefined, guard);
  const startedAtMs = performance.now();
  // More than there are connections: the queue counts as well.
  expect(new Set(await Promise.all(Array.from({ length: 30 }, () => client.ask('kettle'))))).toEqual(
    new Set(['undecided']),
  );
  expect(performance.now() - startedAtMs).toBeLessThan(10_000);
});

test('an inventory that is not there leaves the question open', async () => {
  const client = new InventoryClient('http://127.0.0.1:9', logger);
  closers.push(() => client.close());
  expect(await client.ask('kettle')).toBe('undecided');
});

test('one that has just gone away is asked once more, and told until when the answer is of use', async () => {
  const deadlines: unknown[] = [];
  const client = await clientOf((request, response) => {
    deadlines.push(request.headers['deadline']);
    response.writeHead(deadlines.length === 1 ? 503 : 200).end();
  }, inventoryPipeline());
  const begunMs = Date.now();
  expect(await client.ask('kettle')).toBe('known');
  expect(deadlines).toHaveLength(2);
  for (const deadline of deadlines) {
    const leftMs = Date.parse(String(deadline)) - begunMs;
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(1_000);
  }
});

test('one that fails is left in peace: questions are left open at once, and it sees hardly more calls than it was asked', async () => {
  let calls = 0;
  const guard = inventoryPipeline();
  const client = await clientOf((_, response) => {
    calls++;
    response.writeHead(500).end();
  }, guard);
  for (let asked = 0; asked < 100; asked++) expect(await client.ask('kettle')).toBe('undecided');
  expect(guard.state().breaker.state).toBe('open');
  expect(calls).toBeLessThan(20);
});
