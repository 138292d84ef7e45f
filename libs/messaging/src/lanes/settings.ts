import type { PassSettings } from './pass.js';
import { clockSkewMaxMs } from './untimely.js';

export interface LoopSettings extends PassSettings {
  readonly databaseUrl: string;
  readonly topics: readonly string[];
  readonly laneCount: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Rows that somebody else keeps locked for longer make the pass start over without waiting. */
  readonly lockTimeoutMs: number;
  /** A stopped process's locks would hold up the claim of its successor: shorter than the session timeout. */
  readonly transactionTimeoutMs: number;
  readonly passMessagesMax: number;
  /**
   * How long Kafka's client is kept from fetching after a pass of several messages: what is being answered meanwhile
   * shares the next pass. 0 where nobody answers in bursts.
   */
  readonly gatherMs: number;
  /** How long an idle loop waits before it looks at its chores. */
  readonly idleMs: number;
  readonly heldRetryMs: number;
  /** How often the owner looks for what operators asked for. */
  readonly operatorsMs: number;
  /** How often an owner looks whether its lanes were claimed, or their positions set, by somebody else. */
  readonly epochsMs: number;
  /** How often a lane that is refused is claimed again, to see whether it still has to be. */
  readonly refusedRetryMs: number;
  readonly httpRowAgeMs: number;
  readonly deletionMs: number;
  readonly offsetCommitMs: number;
  /** A send that takes longer makes the process unready; it goes on all the same. */
  readonly sendAlarmMs: number;
}

/** What a service must say, and what it may. */
export type LoopOptions = Pick<LoopSettings, 'service' | 'databaseUrl' | 'topics' | 'laneCount'> &
  Partial<LoopSettings>;

/** Settings for loopback and a demo: a killed replica's lanes move on within five seconds. */
export function loopSettings(options: LoopOptions): LoopSettings {
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 3_000;
  const settings: LoopSettings = {
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.floor(sessionTimeoutMs / 8),
    transactionTimeoutMs: Math.floor(sessionTimeoutMs * 0.8),
    passMessagesMax: 500,
    gatherMs: 0,
    idleMs: 50,
    lockTimeoutMs: 100,
    heldRetryMs: 200,
    operatorsMs: 250,
    epochsMs: 1_000,
    refusedRetryMs: 2_500,
    httpRowAgeMs: 5_000,
    deletionMs: 500,
    offsetCommitMs: 1_000,
    sendAlarmMs: 2_000,
    horizonMs: 3 * 86_400_000,
    clockSkewMaxMs,
    ...options,
  };
  if (settings.transactionTimeoutMs >= settings.sessionTimeoutMs) {
    throw new RangeError(
      `transactionTimeoutMs (${settings.transactionTimeoutMs}) must be below sessionTimeoutMs (${settings.sessionTimeoutMs})`,
    );
  }
  return settings;
}
