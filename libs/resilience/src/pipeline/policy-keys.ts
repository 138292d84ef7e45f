import type { PipelineOptions } from './pipeline.js';
import {
  type ConfigurationOf,
  IllegalPipeline,
  type PolicyConfiguration,
  type PolicyKind,
} from './policy-order.js';

/** Every key that a configuration may have, and those of what stands within it. */
type KeysOf<Configuration> = {
  readonly [Key in Exclude<keyof Configuration, 'policy'>]-?: KeysWithin<NonNullable<Configuration[Key]>>;
};

type KeysWithin<Value> = Value extends number | boolean | readonly unknown[] ? true : KeysOf<Value>;

/** Types are gone when a configuration comes from a file. The compiler holds this against them: no key is missing. */
const keysOf: { readonly [Kind in PolicyKind]: KeysOf<ConfigurationOf<Kind>> } = {
  fallback: { on: true },
  shed: { inFlightMax: true, upTo: { high: true, normal: true, low: true } },
  timeout: { timeoutMs: true },
  retry: {
    attemptsMax: true,
    baseMs: true,
    maxMs: true,
    retryAfterMaxMs: true,
    unknownToo: true,
    budget: { ratio: true, perSecond: true, savedMax: true },
  },
  hedge: { delayMs: true, extraMax: true },
  rateLimit: { perSecond: true, burst: true, waitMs: true, perTenant: true },
  bulkhead: { concurrent: true, queued: true, queueTimeoutMs: true },
  adaptiveLimit: { limitMin: true, limitMax: true, limitStart: true },
  breaker: {
    failureRate: true,
    slowCallMs: true,
    slowRate: true,
    windowMs: true,
    callsMin: true,
    openMs: true,
    probes: true,
    probeTimeoutMs: true,
    rampMs: true,
    rampTo: true,
  },
  attemptTimeout: { timeoutMs: true },
};

const keysOfOptions: Readonly<Record<keyof PipelineOptions, true>> = {
  clock: true,
  random: true,
  classify: true,
  budget: true,
  load: true,
};

interface Keys {
  readonly [key: string]: true | Keys;
}

/** @throws IllegalPipeline naming the first key that its policy does not have: what is misspelt would have no effect */
export function checkKeys(dependency: string, policies: readonly PolicyConfiguration[]): void {
  for (const { policy, ...configuration } of policies) {
    checkKeysOf(dependency, policy, configuration, keysOf[policy]);
  }
}

/** @throws IllegalPipeline as `checkKeys` does */
export function checkOptions(dependency: string, options: PipelineOptions): void {
  checkKeysOf(dependency, 'its options', options, keysOfOptions);
}

function checkKeysOf(dependency: string, name: string, configuration: object, keys: Keys): void {
  for (const [key, value] of Object.entries(configuration) as [string, unknown][]) {
    const known = Object.hasOwn(keys, key) ? keys[key]! : null;
    if (known === null) {
      throw new IllegalPipeline(
        dependency,
        `there is no "${key}" in ${name}, but ${Object.keys(keys).join(', ')}`,
      );
    }
    if (known !== true && typeof value === 'object' && value !== null) {
      checkKeysOf(dependency, `${key} of ${name}`, value, known);
    }
  }
}
