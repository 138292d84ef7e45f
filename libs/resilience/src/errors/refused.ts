/**
 * A policy did not let the call through: nothing was sent, so nothing has happened. Asking again later is right, asking
 * again at once is not.
 */
export abstract class Refused extends Error {
  abstract readonly code: string;

  /**
   * @param dependency what was to be called, by the name of its pipeline
   * @param retryAfterMs when asking again may help, if the policy knows
   */
  constructor(
    message: string,
    readonly dependency: string,
    readonly retryAfterMs?: number,
  ) {
    super(`${dependency}: ${message}`);
    this.name = new.target.name;
  }
}

/** The circuit breaker is open, or half open with as many probes under way as there may be. */
export class BreakerOpen extends Refused {
  readonly code = 'BALLAST_BREAKER_OPEN';
}

/** As many calls are under way, and wait, as may; or this one waited for too long, or made room for another tenant. */
export class BulkheadFull extends Refused {
  readonly code = 'BALLAST_BULKHEAD_FULL';
}

/** More calls per second than there may be. */
export class RateLimited extends Refused {
  readonly code = 'BALLAST_RATE_LIMITED';
}

/** As many calls are under way as the dependency can take at the moment, by what its answers' times say. */
export class LimitReached extends Refused {
  readonly code = 'BALLAST_LIMIT_REACHED';
}

/** There is too much to do for calls of this priority. */
export class Shed extends Refused {
  readonly code = 'BALLAST_SHED';
}

/** It was too late to make the call, so it was not made. */
export class DeadlinePassed extends Error {
  readonly code = 'BALLAST_DEADLINE_PASSED';

  constructor() {
    super('the deadline has passed: the call was not made');
    this.name = 'DeadlinePassed';
  }
}
