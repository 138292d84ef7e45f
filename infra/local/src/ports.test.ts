import { createServer } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findFreePorts, keepPorts, reservePorts } from './ports.js';

test('the wanted port is taken where it is free, and another where it is not', async () => {
  const { busy } = await findFreePorts(['busy']);
  const { free } = await findFreePorts(['free']);
  const occupant = createServer();
  await new Promise<void>(resolve => occupant.listen(busy, '127.0.0.1', resolve));
  const found = await findFreePorts(['a', 'b'], { wanted: { a: busy, b: free } });
  expect(found.b).toBe(free);
  expect(found.a).not.toBe(busy);
  await new Promise(resolve => occupant.close(resolve));
});

test('a port that another start has chosen is not free, though nothing listens on it yet', async () => {
  const other = await reservePorts(['order']);
  const choice = { wanted: { order: other.ports.order } };
  expect((await findFreePorts(['order'], choice)).order).not.toBe(other.ports.order);
  const ours = createServer();
  await new Promise<void>(resolve => ours.listen(other.ports.order, '127.0.0.1', resolve));
  await new Promise(resolve => ours.close(resolve));
  await other.release();
  expect((await findFreePorts(['order'], choice)).order).toBe(other.ports.order);
});

test('all ports are different, even if chance repeats itself', async () => {
  const draws = [0.25, 0.25, 0.25, 0.5, 0.5, 0.75];
  const found = await findFreePorts(['a', 'b', 'c'], { random: () => draws.shift() ?? Math.random() });
  expect(new Set(Object.values(found)).size).toBe(3);
});

test('ports are outside the range from which systems take ports for outgoing connections', async () => {
  for (const random of [() => 0, () => 0.999999]) {
    const { port } = await findFreePorts(['port'], { random });
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(32_768);
  }
});

test('the next start has the same ports, whatever is wanted, and new ones for what is new', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ballast-ports-')), 'ports.json');
  const kept = async (...[names, wanted]: [string[], Record<string, number>?]) => {
    const { ports, release } = await keepPorts(file, names, wanted);
    await release();
    return ports;
  };
  const first = await kept(['order', 'payment']);
  const other = await findFreePorts(['wanted']);
  const second = await kept(['order', 'order-2'], { order: other.wanted, 'order-2': other.wanted });
  expect(second).toEqual({ order: first['order'], 'order-2': other.wanted });
  expect(await kept(['payment'])).toEqual({ payment: first['payment'] });
});
