import { OrderAccepted, OrderView, SagaView } from '@ballast/contracts';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { find, get, post } from '../http-client.js';
import type { Stack } from '../stack.js';
import type { SampleCase } from './cases.js';

/** What became of a sample order. */
export interface SampleOutcome {
  readonly case: SampleCase;
  readonly order: OrderView;
  readonly saga: SagaView;
  /** Milliseconds since 1970, on this machine's clock. */
  readonly endedAt: number;
}

/** Longer than an order may take by its own deadline. */
const deadlineMs = 45_000;

/**
 * Places an order by the API, as a customer would, and waits for its end. One that does not end is returned as it is
 * then.
 */
export async function placeSample({ urls }: Stack, sample: SampleCase): Promise<SampleOutcome> {
  const accepted = await post(`${urls.order}/orders`, sample.order, OrderAccepted, {
    'idempotency-key': randomUUID(),
  });
  const [orderUrl, sagaUrl] = [
    `${urls.order}/orders/${accepted.id}`,
    `${urls.orchestrator}/sagas/${accepted.id}`,
  ];
  if (sample.cancel) {
    await pollUntil(isAtTheBank, () => find(sagaUrl, SagaView));
    await post(`${orderUrl}/cancel`, undefined, z.unknown());
  }
  const order = await pollUntil(
    ({ status }) => status !== 'PENDING',
    () => get(`${orderUrl}?wait=10000`, OrderView),
  );
  const endedAt = Date.now();
  // The saga hears of the order's end by the answer to its last step.
  const saga = await pollUntil(
    view => view.endedAt !== null,
    () => get(sagaUrl, SagaView),
  );
  return { case: sample, order, saga, endedAt };
}

/** The bank of the card has been asked and thinks: the cancel comes after the saga's start and before its pivot. */
const isAtTheBank = (saga: SagaView | null): boolean =>
  saga?.steps.some(({ name, state }) => payments.has(name) && state !== notBegun) ?? false;

/** The step, or the branch, that asks the bank. */
const payments = new Set(['authorize payment', 'payment']);

/** What the orchestrator says of a step that it has not asked for. */
export const notBegun = 'not begun';

/** Looks until it is as wanted, or the deadline is over; returns what it saw last. */
async function pollUntil<T>(wanted: (view: T) => boolean, look: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const view = await look();
    if (wanted(view) || performance.now() - begun > deadlineMs) return view;
    await sleep(20);
  }
}
