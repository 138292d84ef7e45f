import { guarded, type OutsideCallWorkerOptions, type OutsideParty } from '@ballast/messaging';
import { type AnyPipeline, pipeline, RetryBudget } from '@ballast/resilience';

/** How many calls to the gateway are under way at a time at most, and how many more wait for one of them to end. */
const [concurrent, queued] = [32, 32];

/** As many as the pipeline takes: the others wait in the table, where they cost nothing. */
const callsMax = concurrent + queued;

/**
 * Everything that stands between an order that is paid by card and the gateway. Wallets do not pass here. There is no
 * retry in it: calls are kept in a table and asked again from there, for as long as it takes, and as often as the
 * budget allows.
 */
const cardGatewayPipeline = () =>
  pipeline('card-gateway', [
    // Captures and voids finish what is begun, so they are high: the last quarter of the room is theirs.
    { policy: 'shed', inFlightMax: callsMax, upTo: { normal: 0.75 } },
    // A gateway answers within 50 ms to half a second: 32 at a time are 60 to 600 calls per second, more than a replica
    // has. Longer than two seconds in line there is no sense in: the table is the better place to wait.
    { policy: 'bulkhead', concurrent, queued, queueTimeoutMs: 2_000 },
    {
      policy: 'breaker',
      // Half of the calls, and not one after the other that a bad minute brings: ten at least, within ten seconds.
      failureRate: 0.5,
      windowMs: 10_000,
      callsMin: 10,
      // Ten times what it usually takes; four in five, as a few slow banks behind the gateway are not its own trouble.
      slowCallMs: 3_000,
      slowRate: 0.8,
      // Customers wait: three calls every other second are no burden, and find out soon that it is back.
      openMs: 2_000,
      probes: 3,
      probeTimeoutMs: 3_000,
      // All orders that waited come at once then. After five seconds it gets what it got before.
      rampMs: 5_000,
      rampTo: concurrent,
    },
    // The longest that card schemes give an issuer's bank, in short; an answer that comes later is found out by key.
    { policy: 'attemptTimeout', timeoutMs: 5_000 },
  ]);

/**
 * One call in twenty may be asked again, and one every two seconds however few there are: a gateway that fails every call
 * then sees 1.05 calls for each. What was answered when it was asked again is given back, so that the backlog of an
 * outage is not held up by it.
 */
const cardGatewayBudget = () => new RetryBudget({ ratio: 0.05, perSecond: 0.5, savedMax: 5 });

/** How calls to the gateway are made, all in all. */
export interface CardGatewayGuard {
  readonly pipeline: AnyPipeline;
  /** As many as calls are made at a time. */
  readonly connectionsMax: number;
  party(gateway: OutsideParty): OutsideParty;
  readonly worker: Pick<
    OutsideCallWorkerOptions,
    'budget' | 'concurrency' | 'attemptTimeoutMs' | 'pauseMaxMs'
  >;
}

/** @param policies `off` is for showing what they are good for: a time limit, and asking again within a second */
export function cardGatewayGuard(policies: 'on' | 'off'): CardGatewayGuard {
  if (policies === 'off') {
    const pipeline = unguardedPipeline();
    return {
      pipeline,
      connectionsMax: 10_000,
      party: gateway => guarded(pipeline, gateway),
      worker: { concurrency: 10_000, pauseMaxMs: 1_000 },
    };
  }
  const pipeline = cardGatewayPipeline();
  return {
    pipeline,
    connectionsMax: concurrent,
    party: gateway =>
      guarded(pipeline, gateway, ({ operation }) => (operation === 'hold' ? 'normal' : 'high')),
    // The pipeline's line and time limit come before the worker's.
    worker: { budget: cardGatewayBudget(), concurrency: callsMax, attemptTimeoutMs: 15_000 },
  };
}

const unguardedPipeline = () => pipeline('card-gateway', [{ policy: 'attemptTimeout', timeoutMs: 5_000 }]);
