import type { Queries, Query } from '@ballast/platform';

/**
 * A transaction's statements, sent without awaiting each other: when one fails, those behind it fail as well (25P02),
 * and whoever awaits several of them may hear of those first. This remembers the failure that was the cause.
 */
export class FirstFailure implements Queries {
  #failure: { readonly error: unknown } | null = null;

  constructor(private readonly tx: Queries) {}

  query<Row>(query: Query): Promise<{ rows: Row[]; rowCount: number | null }> {
    const result = this.tx.query<Row>(query);
    result.catch((error: unknown) => (this.#failure ??= { error }));
    return result;
  }

  /** Waits for all of it, failed or not, so that nothing is in flight any more; rejects with the cause. */
  async all<const T extends readonly unknown[]>(
    work: T,
  ): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
    const results = await Promise.allSettled(work);
    const failed = results.find(result => result.status === 'rejected');
    if (failed !== undefined) throw this.#failure === null ? failed.reason : this.#failure.error;
    return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as never;
  }
}
