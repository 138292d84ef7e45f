import type { AdaptiveLimitConfiguration } from '../adaptive-limit/adaptive-limit.js';
import type { BreakerConfiguration } from '../breaker/breaker.js';
import type { BulkheadConfiguration } from '../bulkhead/bulkhead.js';
import type { FallbackConfiguration } from '../fallback/fallback.js';
import type { HedgeConfiguration } from '../hedge/hedge.js';
import type { RateLimitConfiguration } from '../rate-limit/rate-limit.js';
import type { RetryConfiguration } from '../retry/retry.js';
import type { LoadSheddingConfiguration } from '../shed/shed.js';
import type { TimeoutConfiguration } from '../timeout/timeout.js';

/**
 * From the outermost to the innermost, each at most once.
 * - `fallback` sees every error, those of the policies too.
 * - `shed` refuses before anything is spent on a call.
 * - `timeout` bounds everything: retries, pauses and waiting in line.
 * - `retry` and `hedge` make attempts, and each attempt passes everything that follows.
 * - `rateLimit` counts attempts, as the dependency does.
 * - `bulkhead` is outside the breaker: that it is full is no failure of the dependency, and what waited in line while
 *   the breaker opened is refused at once.
 * - `adaptiveLimit` has the line before it, and judges by the time of the call alone.
 * - `breaker` counts what an attempt really came to, time limit included.
 * - `attemptTimeout` is innermost: the breaker has to see that it was too slow.
 */
export const policyOrder = [
  'fallback',
  'shed',
  'timeout',
  'retry',
  'hedge',
  'rateLimit',
  'bulkhead',
  'adaptiveLimit',
  'breaker',
  'attemptTimeout',
] as const;

export type PolicyKind = (typeof policyOrder)[number];

/** What a policy is configured with: plain data, fit for a file or the environment. */
export type PolicyConfiguration =
  | FallbackConfiguration
  | LoadSheddingConfiguration
  | TimeoutConfiguration<'timeout'>
  | RetryConfiguration
  | HedgeConfiguration
  | RateLimitConfiguration
  | BulkheadConfiguration
  | AdaptiveLimitConfiguration
  | BreakerConfiguration
  | TimeoutConfiguration<'attemptTimeout'>;

export type ConfigurationOf<Kind extends PolicyKind> = Extract<PolicyConfiguration, { policy: Kind }>;

/** The kinds that may stand inside a kind. */
type Inside<Kind, Order extends readonly unknown[] = typeof policyOrder> = Order extends readonly [
  infer First,
  ...infer Rest,
]
  ? First extends Kind
    ? Rest[number]
    : Inside<Kind, Rest>
  : never;

/**
 * The list itself where it is in order, and where it is not something that it can't be assigned to. A list whose kinds
 * the types do not know, as one that was read from a file, is checked when the pipeline is made.
 */
export type InOrder<
  Policies extends readonly PolicyConfiguration[],
  May = PolicyKind,
> = Policies extends readonly [
  infer First extends PolicyConfiguration,
  ...infer Rest extends readonly PolicyConfiguration[],
]
  ? First['policy'] extends May
    ? readonly [Exactly<First>, ...InOrder<Rest, Inside<First['policy']>>]
    : readonly [{ readonly policy: May }, ...Rest]
  : Policies;

/** A number that its kind does not have, as one with a slip in its name, is refused. */
type Exactly<First extends PolicyConfiguration> = First & {
  readonly [Key in Exclude<keyof First, keyof ConfigurationOf<First['policy']>>]: never;
};

/** What is given for policies is none, or they are not in the order in which they may stand around each other. */
export class IllegalPipeline extends Error {
  readonly code = 'BALLAST_ILLEGAL_PIPELINE';

  constructor(dependency: string, why: string) {
    super(`${dependency}: ${why}`);
    this.name = 'IllegalPipeline';
  }
}

/** @throws IllegalPipeline naming the first that is no policy, or in the wrong place */
export function checkOrder(dependency: string, policies: readonly { readonly policy: string }[]): void {
  if (!Array.isArray(policies)) {
    throw new IllegalPipeline(dependency, `its policies are ${String(policies)}; they have to be a list`);
  }
  let outer = -1;
  for (const configuration of policies as readonly ({ readonly policy?: string } | null | undefined)[]) {
    if (typeof configuration !== 'object' || configuration === null) {
      throw new IllegalPipeline(dependency, `${String(configuration)} is no policy`);
    }
    const { policy } = configuration;
    const place = policyOrder.findIndex(kind => kind === policy);
    if (place < 0) throw new IllegalPipeline(dependency, `there is no policy "${policy}"`);
    if (place === outer) throw new IllegalPipeline(dependency, `${policy} stands there twice`);
    if (place < outer) {
      throw new IllegalPipeline(dependency, `${policy} may not stand inside ${policyOrder[outer]}`);
    }
    outer = place;
  }
}
