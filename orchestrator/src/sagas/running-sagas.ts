import { hasEnded } from '../storage/instance.js';
import type { StoredSaga } from '../storage/saga-repository.js';

/**
 * Running sagas as the last committed pass left them, so that a pass need not read them. Never the truth: nobody but
 * the owner of their lane writes them, and what is forgotten here is read again from the database.
 */
export class RunningSagas {
  readonly #sagas = new Map<string, StoredSaga>();

  /** @param sizeMax beyond it the longest remembered are forgotten first */
  constructor(private readonly sizeMax = 20_000) {}

  get(orderId: string): StoredSaga | undefined {
    return this.#sagas.get(orderId);
  }

  /** What a pass has committed. */
  remember(sagas: readonly StoredSaga[]): void {
    for (const saga of sagas) {
      this.#sagas.delete(saga.instance.id);
      if (!hasEnded(saga.instance.state)) this.#sagas.set(saga.instance.id, saga);
    }
    for (const orderId of this.#sagas.keys()) {
      if (this.#sagas.size <= this.sizeMax) return;
      this.#sagas.delete(orderId);
    }
  }

  /** These lanes may have another owner now. */
  forget(lanes: readonly number[]): void {
    const forgotten = new Set(lanes);
    for (const [orderId, { lane }] of this.#sagas) if (forgotten.has(lane)) this.#sagas.delete(orderId);
  }

  get size(): number {
    return this.#sagas.size;
  }
}
