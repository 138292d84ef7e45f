import { Breaker, type CallContext, pipeline } from '@ballast/resilience';
import * as cockatiel from 'cockatiel';
import Opossum from 'opossum';

/** Something that makes one call, which succeeds at once: what it takes is all overhead. */
export interface Contestant {
  readonly name: string;
  call(): Promise<unknown>;
  /** Gives back what it holds, timers among it. */
  close(): void;
}

const answer = () => Promise.resolve(7);

/** Looks at its signal, as work that passes it on to `fetch` does. */
const attentive = ({ signal }: { readonly signal: AbortSignal }) =>
  signal.aborted ? Promise.reject(new Error('aborted')) : Promise.resolve(7);

const breakerNumbers = {
  policy: 'breaker',
  failureRate: 0.5,
  windowMs: 10_000,
  callsMin: 20,
  openMs: 5_000,
  probes: 3,
} as const;

const policies = [
  { policy: 'timeout', timeoutMs: 10_000 },
  { policy: 'retry', attemptsMax: 3, baseMs: 50, maxMs: 1_000 },
  { policy: 'bulkhead', concurrent: 100, queued: 100, queueTimeoutMs: 1_000 },
  { ...breakerNumbers, slowCallMs: 5_000 },
] as const;

const nothingToClose = () => undefined;

/** The call itself, to be taken off from all others. */
export const bare = (): Contestant => ({ name: 'no policy', call: answer, close: nothingToClose });

/** Opossum with what can be turned off turned off, as the breaker does. */
export function opossum(): Contestant {
  const circuit = new Opossum(answer, {
    timeout: false,
    errorThresholdPercentage: 50,
    volumeThreshold: 20,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
  return { name: 'opossum', call: () => circuit.fire(), close: () => circuit.shutdown() };
}

export function breaker(): Contestant {
  const policy = new Breaker(breakerNumbers);
  return { name: 'breaker', call: () => policy.run(answer), close: nothingToClose };
}

export const ourPipeline = (): Contestant => pipelineOf('pipeline', attentive);

/** The same for work that has no use for a signal: then none is made. */
export const inattentivePipeline = (): Contestant => pipelineOf('pipeline, signal not used', answer);

/**
 * The same policies in cockatiel. A cooperative time limit only aborts the signal, and waits for the work to heed it;
 * an aggressive one answers the caller in time, as ours does.
 */
export function cockatielPipeline(strategy: 'cooperative' | 'aggressive'): Contestant {
  const line = cockatiel.wrap(
    cockatiel.timeout(
      10_000,
      strategy === 'aggressive'
        ? cockatiel.TimeoutStrategy.Aggressive
        : cockatiel.TimeoutStrategy.Cooperative,
    ),
    cockatiel.retry(cockatiel.handleAll, {
      maxAttempts: 2,
      backoff: new cockatiel.ExponentialBackoff({ initialDelay: 50, maxDelay: 1_000 }),
    }),
    cockatiel.bulkhead(100, 100),
    cockatiel.circuitBreaker(cockatiel.handleAll, {
      halfOpenAfter: 5_000,
      breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
    }),
  );
  return { name: `cockatiel, ${strategy}`, call: () => line.execute(attentive), close: nothingToClose };
}

function pipelineOf(name: string, work: (context: CallContext) => Promise<unknown>): Contestant {
  const line = pipeline('bench', policies);
  return { name, call: () => line.run(work), close: nothingToClose };
}
