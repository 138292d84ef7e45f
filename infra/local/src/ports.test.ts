import { createServer } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findFreePorts, keepPorts } from './ports.js';

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
  const first = await keepPorts(file, ['order', 'payment']);
  const other = await findFreePorts(['wanted']);
  const second = await keepPorts(file, ['order', 'order-2'], {
    order: other.wanted,
    'order-2': other.wanted,
  });
  expect(second).toEqual({ order: first['order'], 'order-2': other.wanted });
  expect(await keepPorts(file, ['payment'])).toEqual({ payment: first['payment'] });
});
