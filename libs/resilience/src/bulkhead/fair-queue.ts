/**
 * Waiting lines, one for each tenant, that are served in turn: a tenant with a thousand in line waits for its next turn
 * like one with a single call. All operations take a time that does not grow with what waits, but for `longest`.
 */
export class FairQueue<T> {
  /** The next to be served comes first. */
  readonly #lines = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many of this tenant wait. */
  sizeOf(tenant: string): number {
    return this.#lines.get(tenant)?.size ?? 0;
  }

  add(tenant: string, item: T): void {
    const line = this.#lines.get(tenant);
    if (line === undefined) this.#lines.set(tenant, new Set([item]));
    else line.add(item);
    this.#size++;
  }

  /** @returns whether it was in line */
  remove(tenant: string, item: T): boolean {
    const line = this.#lines.get(tenant);
    if (line?.delete(item) !== true) return false;
    if (line.size === 0) this.#lines.delete(tenant);
    this.#size--;
    return true;
  }

  /** The first in line of the tenant whose turn it is; it is removed, and the tenant goes to the end. */
  shift(): T | undefined {
    for (const [tenant, line] of this.#lines) {
      for (const item of line) {
        this.remove(tenant, item);
        if (this.#lines.delete(tenant)) this.#lines.set(tenant, line);
        return item;
      }
    }
    return undefined;
  }

  /** The tenant with the most in line, and who came last of them. */
  longest(): { readonly tenant: string; readonly last: T } | null {
    let found: [string, Set<T>] | null = null;
    for (const entry of this.#lines) if (entry[1].size > (found?.[1].size ?? 0)) found = entry;
    return found === null ? null : { tenant: found[0], last: [...found[1]].at(-1)! };
  }
}
