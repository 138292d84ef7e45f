import { pipeline } from '@ballast/resilience';

/** As many as there are connections: one that waits for a connection uses up its time. */
export const inventoryConnections = 8;

/**
 * Everything that stands between an order and the question whether its articles exist. A customer waits meanwhile, and
 * the order is accepted without an answer: so it is short, and the only place where a call is repeated at once.
 */
export const inventoryPipeline = () =>
  pipeline('inventory', [
    // What a customer may be kept waiting for it, all in all.
    { policy: 'timeout', timeoutMs: 1_000 },
    // Once more, for a replica that is being replaced; reading does nothing, so an unknown outcome doesn't matter.
    {
      policy: 'retry',
      attemptsMax: 2,
      baseMs: 50,
      maxMs: 100,
      unknownToo: true,
      budget: { ratio: 0.1, perSecond: 1, savedMax: 10 },
    },
    // In line as many as may be asked for at a time (KnownSkus), and no longer than the time limit.
    { policy: 'bulkhead', concurrent: inventoryConnections, queued: 2_000, queueTimeoutMs: 1_000 },
    // An answer takes a millisecond or two. Articles that are known are not asked for: there are few calls, and an
    // order that is accepted without one is no harm, so it opens early and probes every second.
    {
      policy: 'breaker',
      failureRate: 0.5,
      windowMs: 5_000,
      callsMin: 10,
      slowCallMs: 250,
      openMs: 1_000,
      probes: 2,
      rampMs: 1_000,
      rampTo: inventoryConnections,
    },
    { policy: 'attemptTimeout', timeoutMs: 500 },
  ]);
