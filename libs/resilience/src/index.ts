export * from './adaptive-limit/adaptive-limit.js';
export * from './breaker/breaker.js';
export * from './breaker/breaker-state.js';
export * from './bulkhead/bulkhead.js';
export { type CallContext, type CallOptions, priorities, type Priority, type Work } from './call/call.js';
export * from './clock/clock.js';
export * from './deadline/deadline.js';
export * from './errors/classify.js';
export { type ErrorClass, worstOf } from './errors/error-class.js';
export { httpStatuses } from './errors/http.js';
export * from './errors/refused.js';
export * from './fallback/fallback.js';
export * from './hedge/hedge.js';
export * from './pipeline/pipeline.js';
export {
  type ConfigurationOf,
  IllegalPipeline,
  type PolicyConfiguration,
  type PolicyKind,
  policyOrder,
} from './pipeline/policy-order.js';
export type { GivenUp, Listener, ResilienceEvent } from './policy/events.js';
export type { Surroundings } from './policy/policy.js';
export * from './rate-limit/rate-limit.js';
export * from './retry/retry.js';
export * from './retry/retry-after.js';
export * from './retry/retry-budget.js';
export * from './retry/retry-delay.js';
export * from './shed/shed.js';
export * from './timeout/timeout.js';
export * from './timeout/with-timeout.js';
