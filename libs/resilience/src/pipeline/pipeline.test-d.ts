/*
 * Pipelines that must not compile: each @ts-expect-error is an error of its own if the line below it is accepted.
 * tsc with tsconfig.tests.json reads this file; refusals.test.ts proves that it bites.
 */
import { pipeline } from './pipeline.js';
import type { PolicyConfiguration } from './policy-order.js';

const fallback = { policy: 'fallback' } as const;
const shed = { policy: 'shed', inFlightMax: 10 } as const;
const timeout = { policy: 'timeout', timeoutMs: 1_000 } as const;
const retry = { policy: 'retry', attemptsMax: 3, baseMs: 10, maxMs: 100 } as const;
const hedge = { policy: 'hedge', delayMs: 50 } as const;
const rateLimit = { policy: 'rateLimit', perSecond: 10, burst: 5 } as const;
const bulkhead = { policy: 'bulkhead', concurrent: 5, queued: 5, queueTimeoutMs: 100 } as const;
const adaptiveLimit = { policy: 'adaptiveLimit', limitMin: 1, limitMax: 10 } as const;
const breaker = {
  policy: 'breaker',
  failureRate: 0.5,
  windowMs: 10_000,
  callsMin: 10,
  openMs: 1_000,
  probes: 3,
} as const;
const attemptTimeout = { policy: 'attemptTimeout', timeoutMs: 100 } as const;
const work = () => Promise.resolve(7);

// The right ones, so that the wrong ones are wrong for one reason only.
pipeline('nothing', []);
pipeline('some', [retry, bulkhead, breaker]);
const all = pipeline('all', [
  fallback,
  shed,
  timeout,
  retry,
  hedge,
  rateLimit,
  bulkhead,
  adaptiveLimit,
  breaker,
  attemptTimeout,
]);
const plain = pipeline('plain', [timeout, { policy: 'breaker', ...numbersOfBreaker() }]);
declare function numbersOfBreaker(): Omit<typeof breaker, 'policy'>;
declare const fromFile: readonly PolicyConfiguration[];
pipeline('checked when it is made', fromFile);
all
  .run(work, { fallback: () => 8, idempotent: true, priority: 'low' })
  .then((answer: number) => answer, work);
all.policy('breaker').open();
plain.reconfigure([
  { policy: 'timeout', timeoutMs: 2_000 },
  { policy: 'breaker', ...numbersOfBreaker() },
]);

// @ts-expect-error a retry inside a bulkhead would keep its slot while it pauses
pipeline('wrong', [bulkhead, retry]);

// @ts-expect-error a breaker outside a bulkhead would take a full bulkhead for a failure
pipeline('wrong', [breaker, bulkhead]);

// @ts-expect-error a breaker outside the retry would see one call where there were three
pipeline('wrong', [timeout, breaker, retry]);

// @ts-expect-error a breaker inside the time limit of an attempt would not see that it was too slow
pipeline('wrong', [attemptTimeout, breaker]);

// @ts-expect-error the time limit of the call bounds the retries too
pipeline('wrong', [retry, timeout]);

// @ts-expect-error a hedge inside the bulkhead would make calls without a slot
pipeline('wrong', [retry, bulkhead, hedge]);

// @ts-expect-error a fallback inside would hide errors from those who count them
pipeline('wrong', [timeout, fallback]);

// @ts-expect-error what is shed costs nothing yet
pipeline('wrong', [timeout, shed]);

// @ts-expect-error a rate limit outside the retry would not count attempts
pipeline('wrong', [rateLimit, retry]);

// @ts-expect-error a line behind the adaptive limit would count as slowness of the dependency
pipeline('wrong', [adaptiveLimit, bulkhead]);

// @ts-expect-error each at most once
pipeline('wrong', [retry, retry]);

// @ts-expect-error there is no such policy
pipeline('wrong', [{ policy: 'wish' }]);

// @ts-expect-error its numbers are those of its kind
pipeline('wrong', [{ policy: 'timeout', timeoutMs: 10, attemptsMax: 3 }]);

// @ts-expect-error none of its numbers is missing
pipeline('wrong', [{ policy: 'bulkhead', concurrent: 5 }]);

// @ts-expect-error a fallback is of use only where there is the policy
void plain.run(work, { fallback: () => 8 });

// @ts-expect-error a fallback answers what the work would
void all.run(work, { fallback: () => 'eight' });

// @ts-expect-error there is no bulkhead in it
plain.policy('bulkhead');

// @ts-expect-error other numbers, not other policies
plain.reconfigure([{ policy: 'timeout', timeoutMs: 2_000 }, bulkhead]);

// @ts-expect-error all of them
plain.reconfigure([{ policy: 'timeout', timeoutMs: 2_000 }]);
