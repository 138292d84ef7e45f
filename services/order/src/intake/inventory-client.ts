import type { Logger } from '@ballast/platform';
import { deadlineHeaders } from '@ballast/resilience';
import { Pool } from 'undici';
import { inventoryConnections, inventoryPipeline } from './inventory-policies.js';
import type { SkuAnswer } from './known-skus.js';

/** Asks inventory whether it has a SKU: `GET {url}/stock/{sku}`, over a few connections that stay open. */
export class InventoryClient {
  readonly #connections: Pool;
  readonly #path: string;

  constructor(
    url: string,
    private readonly logger: Logger,
    private readonly guard = inventoryPipeline(),
  ) {
    const { origin, pathname } = new URL(url);
    this.#path = `${pathname.replace(/\/$/, '')}/stock/`;
    this.#connections = new Pool(origin, { connections: inventoryConnections, keepAliveTimeout: 30_000 });
  }

  /** Never rejects: whatever is not a clear yes or no leaves the question open. */
  async ask(sku: string): Promise<SkuAnswer> {
    try {
      return await this.guard.run(({ signal, deadline }) => this.#ask(sku, signal, deadline), {
        idempotent: true,
      });
    } catch (error) {
      this.logger.warn({ sku, err: error }, 'inventory could not be asked; the order is accepted');
      return 'undecided';
    }
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }

  async #ask(sku: string, signal: AbortSignal, deadline: Date | null): Promise<SkuAnswer> {
    const { statusCode, body } = await this.#connections.request({
      method: 'GET',
      path: this.#path + encodeURIComponent(sku),
      headers: deadlineHeaders(deadline),
      signal,
    });
    await body.dump();
    if (statusCode === 200) return 'known';
    if (statusCode === 404) return 'unknown';
    throw new NoClearAnswer(statusCode);
  }
}

/** A status that says neither yes nor no. */
class NoClearAnswer extends Error {
  constructor(readonly statusCode: number) {
    super(`inventory answered with status ${statusCode}`);
    this.name = 'NoClearAnswer';
  }
}
