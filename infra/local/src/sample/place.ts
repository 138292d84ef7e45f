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

const deadlineMs = 60_000;

/** Places an order by the API, as a customer would, and waits for its end. */
export async function placeSample({ urls }: Stack, sample: SampleCase): Promise<SampleOutcome> {
  const accepted = await post(`${urls.order}/orders`, sample.order, OrderAccepted, {
    'idempotency-key': randomUUID(),
  });
  const saga = `${urls.orchestrator}/sagas/${accepted.id}`;
  if (sample.cancel) {
    await until(async () => isAtTheBank(await find(saga, SagaView)));
    await post(`${urls.order}/orders/${accepted.id}/cancel`, undefined, z.unknown());
  }
  const order = await ended(`${urls.order}/orders/${accepted.id}`);
  return { case: sample, order, endedAt: Date.now(), saga: await get(saga, SagaView) };
}

/** The bank of the card has been asked and thinks: the cancel comes after the saga's start and before its pivot. */
const isAtTheBank = (saga: SagaView | null): boolean =>
  saga?.steps.some(({ name }) => name === 'authorize payment') ?? false;

async function ended(url: string): Promise<OrderView> {
  let order: OrderView | undefined;
  await until(async () => {
    order = await get(`${url}?wait=10000`, OrderView);
    return order.status !== 'PENDING';
  });
  return order as OrderView;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const begun = performance.now(); !(await done()); await sleep(20)) {
    if (performance.now() - begun > deadlineMs) {
      throw new Error(`a sample order is not where it should be after ${deadlineMs / 1_000} s`);
    }
  }
}
