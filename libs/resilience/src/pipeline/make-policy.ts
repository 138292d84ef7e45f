import { AdaptiveLimit } from '../adaptive-limit/adaptive-limit.js';
import { Breaker } from '../breaker/breaker.js';
import { Bulkhead } from '../bulkhead/bulkhead.js';
import { Fallback } from '../fallback/fallback.js';
import { Hedge } from '../hedge/hedge.js';
import type { Surroundings } from '../policy/policy.js';
import { RateLimit } from '../rate-limit/rate-limit.js';
import type { RetryBudget } from '../retry/retry-budget.js';
import { Retry } from '../retry/retry.js';
import { LoadShedding } from '../shed/shed.js';
import { Timeout } from '../timeout/timeout.js';
import type { ConfigurationOf, PolicyConfiguration, PolicyKind } from './policy-order.js';

/** The class of each kind of policy. */
export interface PolicyOf {
  fallback: Fallback;
  shed: LoadShedding;
  timeout: Timeout<'timeout'>;
  retry: Retry;
  hedge: Hedge;
  rateLimit: RateLimit;
  bulkhead: Bulkhead;
  adaptiveLimit: AdaptiveLimit;
  breaker: Breaker;
  attemptTimeout: Timeout<'attemptTimeout'>;
}

export type AnyPolicy = PolicyOf[PolicyKind];

/** What policies share beyond their surroundings. */
export interface Shared {
  readonly budget: RetryBudget | null;
  readonly load: (() => number) | undefined;
}

export function makePolicy(
  configuration: PolicyConfiguration,
  surroundings: Surroundings,
  { budget, load }: Shared,
): AnyPolicy {
  switch (configuration.policy) {
    case 'fallback':
      return new Fallback(configuration, surroundings);
    case 'shed':
      return new LoadShedding(configuration, surroundings, load);
    case 'timeout':
      return new Timeout(configuration, surroundings);
    case 'retry':
      return new Retry(configuration, surroundings, budget);
    case 'hedge':
      return new Hedge(configuration, surroundings, budget);
    case 'rateLimit':
      return new RateLimit(configuration, surroundings);
    case 'bulkhead':
      return new Bulkhead(configuration, surroundings);
    case 'adaptiveLimit':
      return new AdaptiveLimit(configuration, surroundings);
    case 'breaker':
      return new Breaker(configuration, surroundings);
    case 'attemptTimeout':
      return new Timeout(configuration, surroundings);
  }
}

/** Gives a policy new numbers of its own kind. */
export function reconfigure<Kind extends PolicyKind>(
  policy: { reconfigure(configuration: ConfigurationOf<Kind>): void },
  configuration: ConfigurationOf<Kind>,
): void {
  policy.reconfigure(configuration);
}
