import { classify, pipeline, retryAfterMsOf } from '@ballast/resilience';
import { expect, test } from 'vitest';
import { guarded, NoDefiniteAnswer, type OutsideAttempt } from './outside-party.js';

const attempt: OutsideAttempt = {
  party: 'card-gateway',
  operation: 'hold',
  request: { amountCents: 300 },
  idempotencyKey: 'order-1:payment.authorize',
  orderId: 'order-1',
  attempt: 1,
  signal: new AbortController().signal,
  deadline: null,
};
const accepted = { kind: 'accepted', body: {} } as const;

test.each([
  [400, 'bug'],
  [401, 'bug'],
  [404, 'unknown'],
  [409, 'unknown'],
  [429, 'transient'],
  [500, 'unknown'],
  [503, 'unknown'],
] as const)('after status %i the outcome of a call is %s: it is about money', (statusCode, kind) => {
  expect(classify(new NoDefiniteAnswer(attempt, 'oddly', { statusCode }))).toBe(kind);
});

test('an answer that says when to come again is understood', () => {
  const response = { statusCode: 503, headers: { 'retry-after': '3' } };
  expect(retryAfterMsOf(new NoDefiniteAnswer(attempt, 'oddly', response), Date.now())).toBe(3_000);
});

test('a guarded party is told the smaller of its time limit and what is left, and everything else as it was', async () => {
  const guard = pipeline('card-gateway', [{ policy: 'attemptTimeout', timeoutMs: 5_000 }]);
  const told: OutsideAttempt[] = [];
  const party = guarded(guard, async asked => {
    told.push(asked);
    return accepted;
  });
  const begunMs = Date.now();
  expect(await party(attempt)).toEqual(accepted);
  await party({ ...attempt, deadline: new Date(begunMs + 1_000) });
  expect(told[0]).toEqual({ ...attempt, signal: expect.any(AbortSignal), deadline: expect.any(Date) });
  const [own, left] = told.map(({ deadline }) => deadline!.getTime() - begunMs);
  expect([Math.round(own! / 1_000), Math.round(left! / 1_000)]).toEqual([5, 1]);
});

test('a guarded party is asked with the priority of the operation', async () => {
  const guard = pipeline('card-gateway', [
    { policy: 'shed', inFlightMax: 2, upTo: { normal: 0.5 } },
    { policy: 'attemptTimeout', timeoutMs: 5_000 },
  ]);
  const asked: string[] = [];
  const answered = Promise.withResolvers<typeof accepted>();
  const party = guarded(
    guard,
    ({ operation }) => {
      asked.push(operation);
      return answered.promise;
    },
    ({ operation }) => (operation === 'hold' ? 'normal' : 'high'),
  );
  const hold = party(attempt);
  await expect(party(attempt)).rejects.toMatchObject({ code: 'BALLAST_SHED' });
  const capture = party({ ...attempt, operation: 'capture' });
  expect(asked).toEqual(['hold', 'capture']);
  answered.resolve(accepted);
  expect(await Promise.all([hold, capture])).toEqual([accepted, accepted]);
});
