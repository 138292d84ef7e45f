import { expect, test } from 'vitest';
import { summarise, summaryText } from './summary.js';

test('the summary says where every service, every API of operators and every outside party is', () => {
  const urls = {
    order: 'http://127.0.0.1:4001',
    inventory: 'http://127.0.0.1:4002',
    payment: 'http://127.0.0.1:4003',
    shipping: 'http://127.0.0.1:4004',
    orchestrator: 'http://127.0.0.1:4005',
    operations: 'http://127.0.0.1:4006',
    'order-operations': 'http://127.0.0.1:4007',
    'card-gateway': 'http://127.0.0.1:4011',
    carrier: 'http://127.0.0.1:4012',
  };
  const sample = { outcomes: [], invariants: [] };
  const summary = summarise(sample, { startedAt: 0, readyAt: 1_000, residentMb: 1 });
  const lines = summaryText(summary, [], urls).split('\n');
  for (const [name, url] of Object.entries(urls))
    expect(lines).toContainEqual(expect.stringMatching(`^  ${name} +${url}(/docs)?$`));
});
