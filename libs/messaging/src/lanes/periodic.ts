/** Work that is due now and then, and waits for its turn between passes. */
export class Periodic {
  #dueAtMs = 0;

  /** @param work may return the milliseconds until it is due again, if not `everyMs` */
  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<number | void>,
  ) {}

  /** The next time is reckoned from now, also when the work fails. */
  async doIfDue(): Promise<void> {
    if (performance.now() < this.#dueAtMs) return;
    this.#dueAtMs = performance.now() + this.everyMs;
    const againInMs = await this.work();
    if (againInMs !== undefined) this.#dueAtMs = performance.now() + againInMs;
  }

  /** Makes it due at once. */
  hasten(): void {
    this.#dueAtMs = 0;
  }
}
