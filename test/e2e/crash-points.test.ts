import { afterAll, beforeAll, expect, test } from 'vitest';
import { crashAt, crashEnvironment, type CrashPoint } from '../chaos/crash-points.js';
import { Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { openShop } from './shop.js';

// The whole matrix is `npm run test:crash`.
const points: readonly CrashPoint[] = [
  { service: 'orchestrator', moment: 'pass committed', nth: 4 },
  { service: 'inventory', moment: 'rows sent', nth: 3 },
  { service: 'payment', moment: 'call answered', nth: 4 },
  { service: 'shipping', moment: 'pass decided', nth: 3 },
  { service: 'orchestrator', moment: 'lanes taken over', nth: 1 },
  { service: 'order', moment: 'request committed', nth: 1 },
];

const { stack } = await openShop({ environment: crashEnvironment });
const customer = new Customer(stack);
afterAll(() => customer.close());
beforeAll(() => fillShop(stack));

test.each(points)('the $service process dies at "$moment": every order ends', async point => {
  const { orderIds } = await crashAt(stack, customer, point, 50);
  expect(orderIds).toHaveLength(50);
  await customer.awaitEnds(orderIds, 60_000);
});

test('after all these crashes every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, {
    acknowledged: customer.acknowledged,
    faults: points.length,
    limits: { faultsMin: points.length },
  });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});
