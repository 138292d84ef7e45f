import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { outsideServers } from './environment.js';
import { environmentOf, isReady, membersOf, portsOf } from './services.js';

test('replicas are there for every service, and once for each simulated party', () => {
  const names = membersOf(2).map(({ name }) => name);
  expect(names.filter(name => name.startsWith('order'))).toEqual(['order', 'order-2']);
  expect(names.filter(name => name.startsWith('ca'))).toEqual(['card-gateway', 'carrier']);
  expect(names).toHaveLength(2 + 2 * 5);
});

test("a service knows its own database's password and nobody else's", () => {
  const env = environmentOf(
    { name: 'order-2', of: 'order' },
    {
      directory: '/clone/.local',
      brokers: '127.0.0.1:9',
      databaseUrls: {
        order: 'postgresql://order:secret@127.0.0.1:5/order',
        payment: 'postgresql://payment:hidden@x/y',
      },
      ports: { order: 1, 'order-2': 2, inventory: 3, 'card-gateway': 4, carrier: 5 },
      environment: { STEP_TIMEOUT_MS: '700' },
    },
  );
  expect(env).toMatchObject({
    PORT: '2',
    KAFKA_BROKERS: '127.0.0.1:9',
    DATABASE_URL: 'postgresql://order:secret@127.0.0.1:5/order',
    INVENTORY_URL: 'http://127.0.0.1:3',
    STEP_TIMEOUT_MS: '700',
  });
  expect(JSON.stringify(env)).not.toContain('hidden');
});

test("an orchestrator listens to operators on a port of its own, each replica's another", () => {
  expect(portsOf({ name: 'orchestrator-2', of: 'orchestrator' })).toEqual([
    'orchestrator-2',
    'orchestrator-2-operations',
  ]);
  const env = environmentOf(
    { name: 'orchestrator-2', of: 'orchestrator' },
    {
      directory: '/clone/.local',
      brokers: '127.0.0.1:9',
      databaseUrls: {},
      ports: { 'orchestrator-2': 1, 'orchestrator-2-operations': 2 },
      environment: {},
    },
  );
  expect(env).toMatchObject({ PORT: '1', OPERATIONS_PORT: '2' });
});

test('outside servers are those that the environment names', () => {
  expect(outsideServers({})).toEqual({ databaseUrls: {} });
  expect(
    outsideServers({ KAFKA_BROKERS: 'a:1', ORDER_DATABASE_URL: 'postgresql://x', SHIPPING_DATABASE_URL: '' }),
  ).toEqual({
    brokers: 'a:1',
    databaseUrls: { order: 'postgresql://x' },
  });
});

test('a process is ready when it says so itself, not when another does that had its port first', async () => {
  let status = 200;
  const server = createServer((_, response) => {
    response.writeHead(status).end(JSON.stringify({ details: { process: { status: 'up', pid: 41 } } }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await isReady(url, 41)).toBe(true);
  expect(await isReady(url, 42)).toBe(false);
  status = 503;
  expect(await isReady(url, 41)).toBe(false);
  await new Promise(resolve => server.close(resolve));
  expect(await isReady(url, 41)).toBe(false);
});
