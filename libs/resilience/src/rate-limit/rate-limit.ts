import type { Call, Next } from '../call/call.js';
import { pause } from '../call/pause.js';
import { RateLimited } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';

export interface RateLimitConfiguration {
  readonly policy: 'rateLimit';
  readonly perSecond: number;
  /** How many may come at once, after a while without any. */
  readonly burst: number;
  /** How long a call waits for its turn at most; with 0 it is refused at once. @default 0 */
  readonly waitMs?: number;
  /** Whether each tenant has the whole rate to itself. @default false */
  readonly perTenant?: boolean;
}

/**
 * At most so many calls per second, attempts counted. Keeps one number per tenant, the time at which its bucket is full
 * again (the generic cell rate algorithm of ATM), and only while that lies ahead.
 */
export class RateLimit extends Policy<RateLimitConfiguration> {
  /** When the bucket of a tenant is full, in elapsed time. */
  readonly #fullMs = new Map<string, number>();
  #sweepAbove = 1_000;
  #refused = 0;

  constructor(configuration: RateLimitConfiguration, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
    check(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const { perSecond, burst, waitMs = 0, perTenant = false } = this.configuration;
    const key = perTenant ? (call.options.tenant ?? '') : '';
    const nowMs = this.surroundings.clock.elapsedMs();
    const intervalMs = 1_000 / perSecond;
    const fullMs = Math.max(this.#fullMs.get(key) ?? 0, nowMs) + intervalMs;
    const toWaitMs = fullMs - nowMs - burst * intervalMs;
    // Times are fractions: what is a millionth of a millisecond early is not early.
    if (toWaitMs <= 1e-6) {
      this.#take(key, fullMs, nowMs);
      return next(call);
    }
    if (toWaitMs > waitMs || nowMs + toWaitMs >= call.dueMs) {
      this.#refused++;
      const why = `more than ${perSecond} calls per second`;
      return this.refuse(new RateLimited(why, this.surroundings.dependency, toWaitMs));
    }
    // A turn that is taken stays taken, even if its caller gives up: those behind it have got their times.
    this.#take(key, fullMs, nowMs);
    return pause(call, toWaitMs).then(() => next(call));
  }

  state() {
    return { ...this.configuration, keys: this.#fullMs.size, refused: this.#refused };
  }

  reconfigure(configuration: RateLimitConfiguration): void {
    check(configuration);
    const { perTenant: wasPerTenant = false, ...before } = this.configuration;
    const { perTenant = false, perSecond, burst } = configuration;
    this.configuration = configuration;
    // Buckets of tenants say nothing about the one of all, nor the other way round.
    if (perTenant !== wasPerTenant) this.#fullMs.clear();
    else if (perSecond !== before.perSecond || burst !== before.burst) this.#refill(before);
  }

  /** What was used of a bucket stays used, up to the whole of it, and so do the turns of those who wait. */
  #refill(before: { readonly perSecond: number; readonly burst: number }): void {
    const { perSecond, burst } = this.configuration;
    const nowMs = this.surroundings.clock.elapsedMs();
    for (const [key, fullMs] of this.#fullMs) {
      const taken = (Math.max(0, fullMs - nowMs) / 1_000) * before.perSecond;
      const used = Math.min(taken, before.burst, burst);
      const waiting = Math.max(0, taken - before.burst);
      this.#fullMs.set(key, nowMs + ((used + waiting) / perSecond) * 1_000);
    }
  }

  #take(key: string, fullMs: number, nowMs: number): void {
    this.#fullMs.set(key, fullMs);
    if (this.#fullMs.size <= this.#sweepAbove) return;
    // A bucket that is full is like one that was never used.
    for (const [other, otherFullMs] of this.#fullMs) if (otherFullMs <= nowMs) this.#fullMs.delete(other);
    this.#sweepAbove = Math.max(1_000, 2 * this.#fullMs.size);
  }
}

function check({ perSecond, burst, waitMs = 0 }: RateLimitConfiguration): void {
  checkNumbers('rateLimit', { perSecond }, 'from 0.001');
  checkNumbers('rateLimit', { burst }, 'whole, from 1');
  checkNumbers('rateLimit', { waitMs }, '0 or more');
}
