import { Protocol } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { cancelledUnder, completedUnder } from '../testing/protocols.fixture.js';
import { undoneSteps } from './undos.js';

test('what was undone is evidence under every protocol, rolled back branches among it', () => {
  const countsOf = (orders: typeof cancelledUnder) =>
    Protocol.options.map(protocol => undoneSteps(orders[protocol]));
  // Goods and money are set aside when the address turns out not to be served; under two-phase commit the order has a branch, too.
  expect(countsOf(cancelledUnder)).toEqual([2, 2, 2, 3]);
  expect(countsOf(completedUnder)).toEqual([0, 0, 0, 0]);
});
