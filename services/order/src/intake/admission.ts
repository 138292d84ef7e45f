import { problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import {
  type Clock,
  DeadlinePassed,
  pipeline,
  type Priority,
  RateLimited,
  Refused,
  TimedOut,
} from '@ballast/resilience';

export interface AdmissionLimits {
  /** How many orders are being stored at a time. */
  readonly inHandMax: number;
  /** How many more wait for that; what goes beyond is refused. */
  readonly waitingMax: number;
  /** How many orders per second one customer may place; twice as many at once after a while without any. */
  readonly perCustomerPerSecond: number;
}

/**
 * Far above what the shop does on a small machine: they bound what a flood can tie up, and leave everything else alone.
 * Storing 500 at a time, 4,000 in hand are eight groups; who waits longer than five seconds is better served by a
 * clear answer. A customer is a person or a partner's import, and 5,000 orders per second are more than either has.
 */
export const admissionDefaults: AdmissionLimits = {
  inHandMax: 4_000,
  waitingMax: 16_000,
  perCustomerPerSecond: 5_000,
};

const admissionPipeline = (
  { inHandMax, waitingMax, perCustomerPerSecond }: AdmissionLimits,
  options: { readonly clock?: Clock },
) =>
  pipeline(
    'admission',
    [
      // Imports (low) can come again: the last fifth of the room is for people who wait for an answer.
      { policy: 'shed', inFlightMax: inHandMax + waitingMax, upTo: { normal: 1, low: 0.8 } },
      {
        policy: 'rateLimit',
        perSecond: perCustomerPerSecond,
        burst: 2 * perCustomerPerSecond,
        perTenant: true,
      },
      // Customers take turns: one who sends a thousand orders does not make the others wait for all of them.
      { policy: 'bulkhead', concurrent: inHandMax, queued: waitingMax, queueTimeoutMs: 5_000 },
    ],
    options,
  );

export interface Arrival {
  readonly customerId: string;
  readonly priority: Priority;
  /** When the client stops waiting for the answer. */
  readonly deadline: Date | undefined;
}

/** Decides which orders are let in, each by itself: a batch counts as many as it has. Looking at orders is not bounded here. */
export class Admission {
  readonly pipeline: ReturnType<typeof admissionPipeline>;

  constructor(limits: AdmissionLimits = admissionDefaults, options: { readonly clock?: Clock } = {}) {
    this.pipeline = admissionPipeline(limits, options);
  }

  /** Rejects with a Problem (429, 503, 504) when the order is not let in, and else with whatever the work does. */
  async admit<T>({ customerId, priority, deadline }: Arrival, work: () => Promise<T>): Promise<T> {
    try {
      return await this.pipeline.run(work, { tenant: customerId, priority, deadline });
    } catch (error) {
      throw problemOf(error);
    }
  }
}

function problemOf(error: unknown): unknown {
  if (error instanceof RateLimited) {
    const detail = 'this customer places more orders per second than one may; nothing of this one was kept';
    return new Problem(problems.RATE_LIMITED, detail, retryAfter(error));
  }
  if (error instanceof Refused) {
    const detail = 'there are more orders than can be taken in now; nothing of this one was kept';
    return new Problem(problems.UNAVAILABLE, detail, retryAfter(error));
  }
  if (error instanceof DeadlinePassed || (error instanceof TimedOut && !error.begun)) {
    return new Problem(problems.DEADLINE_PASSED, 'nothing of the order was kept');
  }
  if (error instanceof TimedOut) {
    const detail = 'the order may have been placed: the same Idempotency-Key tells';
    return new Problem(problems.DEADLINE_PASSED, detail);
  }
  return error;
}

/** In whole seconds, as the header has it. */
const retryAfter = ({ retryAfterMs = 1_000 }: Refused) => ({
  headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) },
});
