import type { ParticipantState } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import { cancel, complete, type OrderProgress } from './order-progress.js';

const state = (own: OrderProgress | undefined): ParticipantState<OrderProgress> => ({
  own,
  shared: new Map<string, never>(),
  appended: [],
});
const pending = state({ status: 'PENDING' });
const completed = state({ status: 'COMPLETED' });
const cancelled = state({ status: 'CANCELLED', reason: 'DEADLINE' });

describe('a pending order', () => {
  test('is completed', () => {
    expect(complete(pending)).toEqual({ kind: 'done', state: completed, reply: {} });
  });

  test('is cancelled with the reason', () => {
    expect(cancel(pending, { reason: 'DEADLINE' })).toEqual({ kind: 'done', state: cancelled, reply: {} });
  });
});

describe('a terminal state is never left', () => {
  test.each([
    ['completed', completed, () => complete(completed)],
    ['cancelled', cancelled, () => cancel(cancelled, { reason: 'OUT_OF_STOCK' })],
  ])('an order that is %s already answers done and stays as it is', (_, before, decide) => {
    expect(decide()).toEqual({ kind: 'done', state: before, reply: {} });
  });

  test('a completed order refuses to be cancelled', () => {
    expect(cancel(completed, { reason: 'CANCELLED' })).toMatchObject({
      kind: 'refused',
      code: 'ORDER_ENDED_OTHERWISE',
    });
  });

  test('a cancelled order refuses to be completed', () => {
    expect(complete(cancelled)).toMatchObject({ kind: 'refused', code: 'ORDER_ENDED_OTHERWISE' });
  });
});

test('an order that does not exist refuses to end', () => {
  expect(complete(state(undefined))).toMatchObject({ kind: 'refused', code: 'ORDER_UNKNOWN' });
  expect(cancel(state(undefined), { reason: 'CANCELLED' })).toMatchObject({ code: 'ORDER_UNKNOWN' });
});
