import { pipeline, RetryBudget } from '@ballast/resilience';

/** How many labels are asked for at a time at most, and how many more wait for one of them to come. */
const [concurrent, queued] = [32, 32];

/** As many as the pipeline takes: the others wait in the table, where they cost nothing. */
export const carrierCallsMax = concurrent + queued;

/**
 * Everything that stands between a paid order and its label. Nobody waits for a label as for a payment, and it has to
 * come in the end: a carrier that is in trouble is left in peace for longer. There is no retry in it: calls are kept in
 * a table and asked again from there.
 */
export const carrierPipeline = () =>
  pipeline('carrier', [
    // A label takes 50 ms to a second: 32 at a time are 30 to 600 per second, more than a replica has.
    { policy: 'bulkhead', concurrent, queued, queueTimeoutMs: 2_000 },
    {
      policy: 'breaker',
      failureRate: 0.5,
      windowMs: 10_000,
      callsMin: 10,
      slowCallMs: 3_000,
      slowRate: 0.8,
      // The parcel leaves in hours: five seconds more or less make no difference to anybody.
      openMs: 5_000,
      probes: 3,
      probeTimeoutMs: 3_000,
      rampMs: 10_000,
      rampTo: concurrent,
    },
    { policy: 'attemptTimeout', timeoutMs: 5_000 },
  ]);

/** One call in twenty may be asked again, and one every two seconds however few there are; as for the card gateway. */
export const carrierBudget = () => new RetryBudget({ ratio: 0.05, perSecond: 0.5, savedMax: 5 });
