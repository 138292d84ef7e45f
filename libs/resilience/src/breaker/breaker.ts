import type { Call, Next } from '../call/call.js';
import { DeadlinePassed, BreakerOpen, Refused } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { TimedOut } from '../timeout/with-timeout.js';
import type { BreakerState } from './breaker-state.js';
import { CallWindow } from './call-window.js';
import { Circuit } from './circuit.js';

export interface BreakerConfiguration {
  readonly policy: 'breaker';
  /** From this share of failed calls on it opens. */
  readonly failureRate: number;
  /** A call that takes this long is slow, whatever it answers. */
  readonly slowCallMs?: number;
  /** From this share of slow calls on it opens. @default 1, if there is a slowCallMs */
  readonly slowRate?: number;
  /** The calls of how long ago count. */
  readonly windowMs: number;
  /** With fewer calls in the window it stays closed. */
  readonly callsMin: number;
  /** How long it stays open before it probes. */
  readonly openMs: number;
  /** So many calls are let through then, and have to succeed. */
  readonly probes: number;
  /** A probe that takes longer has failed. @default openMs */
  readonly probeTimeoutMs?: number;
  /** How long it takes, after the probes, until there is no bound on the calls any more. @default 0: none at all */
  readonly rampMs?: number;
  /** How many calls may be under way at the end of that time; at its beginning as many as there are probes. */
  readonly rampTo?: number;
}

/**
 * Stops calling a dependency that fails, or has become slow, and finds out with a few calls whether it is back.
 *
 * Errors that are transient or unknown speak against the dependency; one that it rejected is an answer; a bug, a caller
 * who gave up and a passed deadline say nothing about it. While it probes a rejection says nothing either: the probe
 * is made again. A call belongs to the generation that it started in, and moves no later one.
 *
 * Everybody who waited for a dependency comes back when it does. With `rampMs` the breaker lets few calls through at a
 * time at first, and then more, and tells the others to come at times that are spread over the rest of the ramp; what
 * fails meanwhile counts as it does in a closed breaker.
 */
export class Breaker extends Policy<BreakerConfiguration> {
  #state: BreakerState = { kind: 'closed' };
  /** Counts the states there were. */
  #generation = 0;
  readonly #window: CallWindow;
  #circuit: Circuit;
  #refused = 0;
  /** Calls under way that were let through while it was ramping. */
  #rampingNow = 0;

  constructor(configuration: BreakerConfiguration, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
    check(configuration);
    this.#window = new CallWindow(configuration.windowMs, this.surroundings.clock.elapsedMs());
    this.#circuit = this.#newCircuit();
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return this.#circuit.fire(call, next);
      case 'open': {
        const leftMs = state.untilMs - this.surroundings.clock.elapsedMs();
        if (leftMs > 0) return this.#refuse('the circuit is open', leftMs);
        this.#become({ kind: 'half-open', probing: 0, answered: 0 }, 'time to probe');
        return this.#probe(call, next);
      }
      case 'half-open':
        return this.#probe(call, next);
      case 'ramping':
        return this.#rampUp(call, next, state.sinceMs);
      case 'isolated':
        return this.#refuse('the circuit was opened by hand');
    }
  }

  state() {
    const nowMs = this.surroundings.clock.elapsedMs();
    this.#window.moveTo(nowMs);
    const { calls, failures, slow } = this.#window;
    const state = this.#state;
    const { probing, answered } = state.kind === 'half-open' ? state : { probing: 0, answered: 0 };
    const probesInMs = state.kind === 'open' ? Math.max(0, state.untilMs - nowMs) : null;
    const probes = { probesInMs, probing, answered };
    return { state: state.kind, ...probes, calls, failures, slow, refused: this.#refused };
  }

  /** Opens it until `close`. */
  open(): void {
    if (this.#state.kind !== 'isolated') this.#become({ kind: 'isolated' }, 'by hand');
  }

  /** Closes it, with nothing held against the dependency. */
  close(): void {
    if (this.#state.kind !== 'closed') this.#become({ kind: 'closed' }, 'by hand');
  }

  /** An open one stays open for as long as it was to be. */
  reconfigure(configuration: BreakerConfiguration): void {
    check(configuration);
    const { windowMs } = configuration;
    if (windowMs !== this.configuration.windowMs) {
      this.#window.resize(windowMs, this.surroundings.clock.elapsedMs());
    }
    this.configuration = configuration;
    this.#circuit.reconfigure(configuration);
    const state = this.#state;
    // With fewer probes those that were answered may be enough, and no other is made that could tell.
    if (state.kind === 'half-open' && state.probing === 0 && state.answered >= configuration.probes) {
      this.#comeBack();
    }
  }

  #become(state: BreakerState, why: string): void {
    const from = this.#state.kind;
    this.#state = state;
    this.#generation++;
    if (state.kind === 'closed' || state.kind === 'ramping') {
      this.#window.clear();
      this.#circuit.retire();
      this.#circuit = this.#newCircuit();
    } else this.#circuit.retire();
    this.#tell(from, why);
  }

  #tell(from: BreakerState['kind'], why: string): void {
    const { events } = this.surroundings;
    if (events.heard) events.emit({ kind: 'breaker', from, to: this.#state.kind, why });
  }

  #open(why: string): void {
    const untilMs = this.surroundings.clock.elapsedMs() + this.configuration.openMs;
    this.#become({ kind: 'open', untilMs }, why);
  }

  #newCircuit(): Circuit {
    return new Circuit(
      this.#window,
      this.configuration,
      (call, next) => this.#count(call, next),
      (error, call) => this.#verdictOf(error, call) === 'failed',
      () => this.#open('failures'),
    );
  }

  /** Makes the call, and counts it before opossum looks at the counts. */
  #count(call: Call, next: Next): Promise<unknown> {
    const generation = this.#generation;
    return next(call).then(
      value => {
        if (generation === this.#generation) this.#record(call, false);
        return value;
      },
      (error: unknown) => {
        const verdict = this.#verdictOf(error, call);
        if (generation === this.#generation && verdict !== 'nothing')
          this.#record(call, verdict === 'failed');
        throw error;
      },
    );
  }

  #record(call: Call, failed: boolean): void {
    const { slowCallMs = Infinity, slowRate = 1, callsMin } = this.configuration;
    const isSlow = call.tookMs >= slowCallMs;
    this.#window.record(call.endedMs, failed, isSlow);
    if (!isSlow) return;
    const { calls, slow } = this.#window;
    if (calls >= callsMin && slow / calls >= slowRate) this.#open('slow calls');
  }

  #probe(call: Call, next: Next): Promise<unknown> {
    const { probes, openMs, probeTimeoutMs = openMs } = this.configuration;
    const { probing, answered } = this.#halfOpen();
    if (probing + answered >= probes) {
      // All who wait would ask again and again meanwhile: they come at times of their own.
      const retryAfterMs = this.surroundings.random() * openMs;
      return this.#refuse('the circuit is half open, and its probes are made', retryAfterMs);
    }
    this.#state = { kind: 'half-open', probing: probing + 1, answered };
    const generation = this.#generation;
    const { clock } = this.surroundings;
    call.dueMs = Math.min(call.dueMs, clock.elapsedMs() + probeTimeoutMs);
    const timer = clock.after(probeTimeoutMs, () => call.cancel(new TimedOut(probeTimeoutMs, call.begun)));
    const settled = (verdict: Verdict) => {
      timer.stop();
      if (generation === this.#generation) this.#probed(verdict);
    };
    return next(call).then(
      value => {
        settled(call.tookMs >= (this.configuration.slowCallMs ?? Infinity) ? 'failed' : 'answered');
        return value;
      },
      (error: unknown) => {
        settled(this.#verdictOf(error, call) === 'failed' ? 'failed' : 'nothing');
        throw error;
      },
    );
  }

  #probed(verdict: Verdict): void {
    const { probing, answered } = this.#halfOpen();
    if (verdict === 'failed') return this.#open('a probe failed');
    const succeeded = answered + (verdict === 'answered' ? 1 : 0);
    if (succeeded >= this.configuration.probes) return this.#comeBack();
    this.#state = { kind: 'half-open', probing: probing - 1, answered: succeeded };
  }

  #comeBack(): void {
    const { rampMs = 0 } = this.configuration;
    const why = 'all probes succeeded';
    if (rampMs === 0) return this.#become({ kind: 'closed' }, why);
    this.#become({ kind: 'ramping', sinceMs: this.surroundings.clock.elapsedMs() }, why);
  }

  #rampUp(call: Call, next: Next, sinceMs: number): Promise<unknown> {
    const { probes, rampMs = 0, rampTo = probes } = this.configuration;
    const { clock, random } = this.surroundings;
    const passedMs = clock.elapsedMs() - sinceMs;
    if (passedMs >= rampMs) {
      // The same closed period, without its bound: what it has counted stays.
      this.#state = { kind: 'closed' };
      this.#tell('ramping', 'the ramp is over');
      return this.#circuit.fire(call, next);
    }
    const atATime = Math.floor(probes + (Math.max(rampTo, probes) - probes) * (passedMs / rampMs));
    if (this.#rampingNow >= atATime)
      return this.#refuse(
        `${atATime} calls at a time while it is coming back`,
        random() * (rampMs - passedMs),
      );
    this.#rampingNow++;
    return this.#circuit.fire(call, next).finally(() => {
      if (call.busy) call.whenIdle(this.#rampedUp);
      else this.#rampedUp();
    });
  }

  readonly #rampedUp = (): void => {
    this.#rampingNow--;
  };

  #halfOpen() {
    if (this.#state.kind !== 'half-open') throw new Error(`a probe while the breaker is ${this.#state.kind}`);
    return this.#state;
  }

  #verdictOf(error: unknown, call: Call): Verdict {
    if (!call.begun || error instanceof Refused || error instanceof DeadlinePassed) return 'nothing';
    // Who gave up was not the dependency; but a time limit is held against it, whoever set it.
    if (call.cancelled && error === call.reason && !(error instanceof TimedOut)) return 'nothing';
    const kind = this.surroundings.classify(error);
    if (kind === 'bug') return 'nothing';
    return kind === 'rejected' ? 'answered' : 'failed';
  }

  #refuse(why: string, retryAfterMs?: number): Promise<never> {
    this.#refused++;
    return this.refuse(new BreakerOpen(why, this.surroundings.dependency, retryAfterMs));
  }
}

/** What a call says about the dependency. */
type Verdict = 'answered' | 'failed' | 'nothing';

function check(configuration: BreakerConfiguration): void {
  const { failureRate, slowRate = 1, slowCallMs = 1, windowMs, callsMin, openMs, probes } = configuration;
  checkNumbers('breaker', { failureRate, slowRate }, 'above 0, at most 1');
  checkNumbers('breaker', { callsMin, probes }, 'whole, from 1');
  const { probeTimeoutMs = openMs } = configuration;
  checkNumbers('breaker', { slowCallMs, windowMs, openMs, probeTimeoutMs }, 'a time, from 1 ms');
  const { rampMs = 0, rampTo = probes } = configuration;
  checkNumbers('breaker', { rampMs }, '0 or more');
  checkNumbers('breaker', { rampTo }, 'whole, from 1');
}
