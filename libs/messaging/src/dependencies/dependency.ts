import type { DependencyCounts, DependencyView } from '@ballast/contracts';
import type { HealthIndicator, Logger } from '@ballast/platform';
import type { AnyPipeline, Breaker, Bulkhead, ResilienceEvent } from '@ballast/resilience';

/** What is called here and can fail, as operators see it: its pipeline, and what has become of the calls. */
export class Dependency {
  readonly #counts: Record<keyof DependencyCounts, number> = {
    answered: 0,
    rejected: 0,
    failed: 0,
    timedOut: 0,
    refused: 0,
    repeated: 0,
  };

  /**
   * @param options.open how many calls the database keeps that have no answer yet
   * @param options.counted whether calls are counted and the breaker's changes logged: a microsecond or two per call
   */
  constructor(
    readonly pipeline: AnyPipeline,
    logger: Pick<Logger, 'warn'>,
    private readonly options: { readonly open?: () => number; readonly counted?: boolean } = {},
  ) {
    if (options.counted === false) return;
    pipeline.subscribe(event => {
      this.#count(event);
      if (event.kind !== 'breaker') return;
      const { from, to, why } = event;
      logger.warn({ dependency: this.name, from, to, why }, `the breaker of ${this.name} is ${to}`);
    });
  }

  get name(): string {
    return this.pipeline.dependency;
  }

  /** A call that was made before is made again; who keeps calls in a table says so. */
  repeated(): void {
    this.#counts.repeated++;
  }

  view(): DependencyView {
    const policies = this.pipeline.configuration.map(policy => ({ ...policy }));
    const state = this.pipeline.state() as DependencyView['state'];
    const counts = this.options.counted === false ? null : { ...this.#counts };
    return { name: this.name, state, policies, counts, open: this.#open };
  }

  /**
   * Shown by /health, and never unwell: with an outside party away, everything that does not need it goes on. Whether
   * it is away is for its breaker, and for an alert on it.
   */
  get health(): HealthIndicator {
    return {
      name: this.name,
      check: () => {
        const { breaker, bulkhead } = this.pipeline.state() as {
          readonly breaker?: ReturnType<Breaker['state']>;
          readonly bulkhead?: ReturnType<Bulkhead['state']>;
        };
        return {
          ...(breaker !== undefined && { breaker: breaker.state }),
          ...(bulkhead !== undefined && { inFlight: bulkhead.running, queued: bulkhead.queued }),
          ...(this.#open !== null && { open: this.#open }),
        };
      },
    };
  }

  get #open(): number | null {
    return this.options.open?.() ?? null;
  }

  #count(event: ResilienceEvent): void {
    switch (event.kind) {
      case 'attempt':
        if (event.outcome === 'answered' || event.outcome === 'rejected') this.#counts[event.outcome]++;
        else this.#counts.failed++;
        break;
      case 'timed-out':
        this.#counts.timedOut++;
        break;
      case 'refused':
        this.#counts.refused++;
        break;
      case 'retry':
        this.#counts.repeated++;
        break;
    }
  }
}
