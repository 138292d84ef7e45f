import type { SagaView } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shop } from '../shop.js';

/** Waits until a coordinator's view of an order is as it should be. */
export async function sagaWhen(
  shop: Shop,
  id: string,
  isSo: (saga: SagaView) => boolean,
  withinMs = 30_000,
): Promise<SagaView> {
  for (const begun = performance.now(); ; await sleep(20)) {
    const saga = await shop.saga(id);
    if (saga.steps !== undefined && isSo(saga)) return saga;
    if (performance.now() - begun > withinMs) throw new Error(`still ${JSON.stringify(saga)}`);
  }
}

export const stateOf = ({ steps }: SagaView, name: string): string | undefined =>
  steps.find(step => step.name === name)?.state;
