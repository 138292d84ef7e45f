import type { Logger } from '@ballast/platform';
import { Pool } from 'undici';
import type { SkuAnswer } from './known-skus.js';

/** Asks inventory whether it has a SKU: `GET {url}/stock/{sku}`, over a few connections that stay open. */
export class InventoryClient {
  readonly #connections: Pool;
  readonly #path: string;

  constructor(
    url: string,
    private readonly logger: Logger,
    private readonly timeoutMs = 1_000,
  ) {
    const { origin, pathname } = new URL(url);
    this.#path = `${pathname.replace(/\/$/, '')}/stock/`;
    this.#connections = new Pool(origin, {
      connections: 8,
      keepAliveTimeout: 30_000,
      connectTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Never rejects: whatever is not a clear yes or no leaves the question open. */
  async ask(sku: string): Promise<SkuAnswer> {
    try {
      const { statusCode, body } = await this.#connections.request({
        method: 'GET',
        path: this.#path + encodeURIComponent(sku),
        // Counts the time in the queue too, which the pool's own timeouts don't.
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      await body.dump();
      if (statusCode === 200) return 'known';
      if (statusCode === 404) return 'unknown';
      this.logger.warn({ sku, statusCode }, 'inventory gave no clear answer; the order is accepted');
    } catch (error) {
      this.logger.warn({ sku, err: error }, 'inventory could not be asked; the order is accepted');
    }
    return 'undecided';
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }
}
