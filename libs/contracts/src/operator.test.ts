import { expect, test } from 'vitest';
import { OperatorRequest } from './operator.js';

test.each([
  { operator: ' ', reason: 'the bank is back' },
  { operator: 'kim', reason: '\n' },
  { operator: 'kim' },
  { operator: 'k'.repeat(201), reason: 'the bank is back' },
])('who interferes says who and why: %j', request => {
  expect(OperatorRequest.safeParse(request).success).toBe(false);
});
