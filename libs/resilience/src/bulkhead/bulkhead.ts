import type { Call, Next } from '../call/call.js';
import { type Entry, ExpiryQueue } from '../clock/expiry-queue.js';
import { BulkheadFull } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { FairQueue, type Place } from './fair-queue.js';

export interface BulkheadConfiguration {
  readonly policy: 'bulkhead';
  /** How many calls may be under way at a time. */
  readonly concurrent: number;
  /** How many more may wait. */
  readonly queued: number;
  /** How long one waits at most. */
  readonly queueTimeoutMs: number;
}

/**
 * Bounds how much of this process one dependency can tie up. Whoever comes when all slots are taken waits in line, and
 * tenants take turns. A line that is full takes a tenant with fewer in line than another: the last of the longest line
 * makes room. A slot is free when the work has settled, not when its caller has given up.
 */
export class Bulkhead extends Policy<BulkheadConfiguration> {
  readonly #line = new FairQueue<Waiting>();
  #impatient: ExpiryQueue<Waiting>;
  #running = 0;
  #refused = 0;

  constructor(configuration: BulkheadConfiguration, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
    check(configuration);
    this.#impatient = this.#queueOf(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const { concurrent, queued } = this.configuration;
    if (this.#running < concurrent && this.#line.size === 0) return this.#within(call, next);
    if (call.cancelled) return Promise.reject(call.reason as Error);
    const tenant = call.options.tenant ?? '';
    if (this.#line.size >= queued && !this.#makeRoom(tenant)) return this.refuse(this.#full('full'));
    return this.#waitInLine(call, tenant).then(() => this.#enter(call, next));
  }

  state() {
    const { concurrent, queued } = this.configuration;
    return {
      concurrent,
      running: this.#running,
      queued: this.#line.size,
      queuedMax: queued,
      refused: this.#refused,
    };
  }

  /** Fewer slots: those above the new number are free only when their work has settled. */
  reconfigure(configuration: BulkheadConfiguration): void {
    check(configuration);
    if (configuration.queueTimeoutMs !== this.configuration.queueTimeoutMs) {
      this.#impatient = this.#queueOf(configuration);
    }
    this.configuration = configuration;
    this.#admit();
  }

  #within(call: Call, next: Next): Promise<unknown> {
    this.#running++;
    return this.#enter(call, next);
  }

  /** The slot is taken already. */
  #enter(call: Call, next: Next): Promise<unknown> {
    return next(call).then(
      value => {
        this.#leave(call);
        return value;
      },
      (error: unknown) => {
        this.#leave(call);
        throw error;
      },
    );
  }

  #leave(call: Call): void {
    if (call.busy) call.whenIdle(this.#free);
    else this.#free();
  }

  readonly #free = (): void => {
    this.#running--;
    this.#admit();
  };

  #admit(): void {
    while (this.#running < this.configuration.concurrent) {
      const waiting = this.#line.shift();
      if (waiting === undefined) return;
      this.#running++;
      waiting.admit();
    }
  }

  /** Resolves with a slot. */
  #waitInLine(call: Call, tenant: string): Promise<void> {
    const impatient = this.#impatient;
    return new Promise((resolve, reject) => {
      const { clock, events } = this.surroundings;
      const sinceMs = clock.elapsedMs();
      const waiting: Waiting = {
        admit: () => {
          call.interrupt = null;
          impatient.remove(entry);
          if (events.heard) {
            events.emit({ kind: 'admitted', policy: this.kind, waitedMs: clock.elapsedMs() - sinceMs });
          }
          resolve();
        },
        refuse: reason => {
          call.interrupt = null;
          impatient.remove(entry);
          this.#line.remove(place);
          reject(reason as Error);
        },
      };
      const entry: Entry<Waiting> = impatient.add(waiting, sinceMs);
      const place: Place<Waiting> = this.#line.add(tenant, waiting);
      call.interrupt = reason => waiting.refuse(reason);
    });
  }

  #makeRoom(tenant: string): boolean {
    const longest = this.#line.longest();
    // With one more than the newcomer's the two would only swap places.
    if (longest === null || longest.size <= this.#line.sizeOf(tenant) + 1) return false;
    this.#turnAway(longest.last, 'made room for another tenant');
    return true;
  }

  #turnAway(waiting: Waiting, why: string): void {
    const error = this.#full(why);
    this.tellOf(error);
    waiting.refuse(error);
  }

  #full(why: string): BulkheadFull {
    this.#refused++;
    return new BulkheadFull(why, this.surroundings.dependency);
  }

  #queueOf({ queueTimeoutMs }: BulkheadConfiguration): ExpiryQueue<Waiting> {
    return new ExpiryQueue(this.surroundings.clock, queueTimeoutMs, waiting =>
      this.#turnAway(waiting, `no slot within ${queueTimeoutMs} ms`),
    );
  }
}

interface Waiting {
  admit(): void;
  refuse(reason: unknown): void;
}

function check({ concurrent, queued, queueTimeoutMs }: BulkheadConfiguration): void {
  checkNumbers('bulkhead', { concurrent }, 'whole, from 1');
  checkNumbers('bulkhead', { queued }, 'whole, from 0');
  checkNumbers('bulkhead', { queueTimeoutMs }, 'a time, from 1 ms');
}
