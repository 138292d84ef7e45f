import { ChoreographedDetails, OrderAccepted, OrderView, SagaView } from '@ballast/contracts';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { find, get, post } from '../http-client.js';
import type { Stack } from '../stack.js';
import type { SampleCase } from './cases.js';
import { heardSteps, notBegun } from './heard-steps.js';

/** What became of a sample order. */
export interface SampleOutcome {
  readonly case: SampleCase;
  readonly order: OrderView;
  /** How each step went: as the orchestrator says, or as it was announced. */
  readonly saga: Pick<SagaView, 'steps'>;
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
  const orderUrl = `${urls.order}/orders/${accepted.id}`;
  const look = () => flowOf(urls, sample, accepted.id);
  if (sample.cancel) {
    await pollUntil(isAtTheBank, look);
    await post(`${orderUrl}/cancel`, undefined, z.unknown());
  }
  const order = await pollUntil(
    ({ status }) => status !== 'PENDING',
    () => get(`${orderUrl}?wait=10000`, OrderView),
  );
  const endedAt = Date.now();
  // The saga hears of the order's end by the answer to its last step.
  const saga = await pollUntil(view => view?.ended === true, look);
  return { case: sample, order, saga: saga ?? { steps: [] }, endedAt };
}

interface Flow extends Pick<SagaView, 'steps'> {
  readonly ended: boolean;
}

/** How far the order's flow is, as those know it who know the whole; null before they have heard of it. */
async function flowOf(urls: Stack['urls'], { order }: SampleCase, id: string): Promise<Flow | null> {
  if (order.protocol === 'choreographed') {
    const details = await find(`${urls['order-operations']}/operations/orders/${id}`, ChoreographedDetails);
    if (details === null) return null;
    const ended = details.state === 'completed' || details.state === 'cancelled';
    return { steps: heardSteps(details), ended };
  }
  const saga = await find(`${urls.orchestrator}/sagas/${id}`, SagaView);
  return saga === null ? null : { steps: saga.steps, ended: saga.endedAt !== null };
}

/** The bank of the card has been asked and thinks: the cancel comes after the saga's start and before its pivot. */
const isAtTheBank = (saga: Flow | null): boolean =>
  saga?.steps.some(({ name, state }) => payments.has(name) && state !== notBegun) ?? false;

/** The step, or the branch, that asks the bank. */
const payments = new Set(['authorize payment', 'payment']);

/** Looks until it is as wanted, or the deadline is over; returns what it saw last. */
async function pollUntil<T>(wanted: (view: T) => boolean, look: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const view = await look();
    if (wanted(view) || performance.now() - begun > deadlineMs) return view;
    await sleep(20);
  }
}
