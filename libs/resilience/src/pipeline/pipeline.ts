import type { Breaker } from '../breaker/breaker.js';
import type { Call, CallOptions, Next, Work } from '../call/call.js';
import { perform } from '../call/perform.js';
import { startCall } from '../call/start-call.js';
import { type FallbackOptions } from '../fallback/fallback.js';
import { Events, type Listener } from '../policy/events.js';
import { type Surroundings, surroundings } from '../policy/policy.js';
import { RetryBudget } from '../retry/retry-budget.js';
import { type AnyPolicy, makePolicy, type PolicyOf, reconfigure } from './make-policy.js';
import { checkKeys, checkOptions } from './policy-keys.js';
import {
  checkOrder,
  type ConfigurationOf,
  IllegalPipeline,
  type InOrder,
  type PolicyConfiguration,
  type PolicyKind,
} from './policy-order.js';

/** What a pipeline needs besides its numbers. All of it has a default. */
export interface PipelineOptions extends Partial<Pick<Surroundings, 'clock' | 'random' | 'classify'>> {
  /** Shared by all pipelines that call the same dependency; otherwise the one that `retry` configures is its own. */
  readonly budget?: RetryBudget;
  /** How much there is to do elsewhere, for load shedding; 1 is all that is bearable. */
  readonly load?: () => number;
}

/** What is said about a call; a fallback only where there is a policy that uses it. */
export type OptionsOf<Policies extends readonly PolicyConfiguration[], T> = CallOptions &
  ('fallback' extends Policies[number]['policy'] ? FallbackOptions<T> : { readonly fallback?: never });

/**
 * Policies around the calls to one dependency, the outermost first. Their order is checked by the compiler.
 * @param dependency its name in errors, events and states
 * @throws IllegalPipeline when a list that the compiler could not see is not in order, or for a key that there is not
 * @throws RangeError for a number that makes no sense
 */
export function pipeline<const Policies extends readonly PolicyConfiguration[]>(
  dependency: string,
  policies: Policies & InOrder<Policies>,
  options: PipelineOptions = {},
): Pipeline<Policies> {
  return new Pipeline<Policies>(dependency, policies, options);
}

/** A pipeline of whatever policies: for those who provide, watch or show many. */
export interface AnyPipeline {
  readonly dependency: string;
  run<T>(work: Work<T>, options?: CallOptions): Promise<T>;
  state(): Readonly<Record<string, unknown>>;
  /** The numbers that it works with now. */
  readonly configuration: readonly PolicyConfiguration[];
  /** To be opened and closed by hand; null where there is none. */
  readonly breaker: Breaker | null;
  tune(changes: Tuning): void;
  subscribe(listener: Listener): () => void;
}

/** Other numbers for some policies: by kind, and by the number's name. */
export type Tuning = Readonly<Record<string, Readonly<Record<string, number>>>>;

type States<Kind extends PolicyKind> = { readonly [K in Kind]: ReturnType<PolicyOf[K]['state']> };

/** Of a list that the compiler has not seen it is not known which policies there are. */
export type StatesOf<Policies extends readonly PolicyConfiguration[]> = number extends Policies['length']
  ? Partial<States<PolicyKind>>
  : States<Policies[number]['policy']>;

export class Pipeline<
  const Policies extends readonly PolicyConfiguration[] = readonly PolicyConfiguration[],
> implements AnyPipeline {
  readonly #policies: readonly AnyPolicy[];
  readonly #surroundings: Surroundings;
  readonly #events: Events;
  readonly #start: Next;
  readonly #budget: RetryBudget | null;
  /** Whether others use it too: then its numbers are not this pipeline's to change. */
  readonly #sharesBudget: boolean;
  #configuration: readonly PolicyConfiguration[];

  constructor(
    readonly dependency: string,
    policies: Policies,
    options: PipelineOptions = {},
  ) {
    checkOrder(dependency, policies);
    checkKeys(dependency, policies);
    checkOptions(dependency, options);
    this.#configuration = policies;
    this.#events = new Events(dependency);
    this.#surroundings = surroundings({ ...options, dependency, events: this.#events });
    this.#budget = options.budget ?? ownBudget(policies, this.#surroundings);
    this.#sharesBudget = this.#budget === options.budget;
    const shared = { budget: this.#budget, load: options.load };
    this.#policies = policies.map(configuration => makePolicy(configuration, this.#surroundings, shared));
    this.#start = this.#policies.reduceRight<Next>(
      (next, policy) => call => policy.execute(call, next),
      call => this.#attempt(call),
    );
  }

  /** Does the work under all policies. Rejects with the work's error, or with a policy's own. */
  run<T>(work: Work<T>, options?: OptionsOf<Policies, T>): Promise<T> {
    const { clock, classify } = this.#surroundings;
    if (!this.#events.heard) return startCall(work, options ?? {}, clock, this.#start);
    const startMs = clock.elapsedMs();
    const tell = (outcome: 'answered' | ReturnType<typeof classify>) =>
      this.#events.emit({ kind: 'call', outcome, tookMs: clock.elapsedMs() - startMs });
    return startCall(work, options ?? {}, clock, this.#start).then(
      value => {
        tell('answered');
        return value;
      },
      (error: unknown) => {
        tell(classify(error));
        throw error;
      },
    );
  }

  /** One of its policies: `policy('breaker').open()`. */
  policy<Kind extends Policies[number]['policy']>(kind: Kind): PolicyOf[Kind] {
    const found = this.#policies.find(policy => policy.kind === kind);
    if (found === undefined) throw new IllegalPipeline(this.dependency, `there is no ${kind} in it`);
    return found as PolicyOf[Kind];
  }

  /** What can be read of each policy at the moment, by its kind. Plain data. */
  state(): StatesOf<Policies> {
    const states = this.#policies.map(policy => [policy.kind, policy.state()] as const);
    return Object.fromEntries(states) as StatesOf<Policies>;
  }

  /** The numbers that it works with now, the outermost policy first. */
  get configuration(): readonly PolicyConfiguration[] {
    return this.#configuration;
  }

  get breaker(): Breaker | null {
    return (this.#policies.find(({ kind }) => kind === 'breaker') as Breaker | undefined) ?? null;
  }

  /** @returns ends the subscription */
  subscribe(listener: Listener): () => void {
    return this.#events.subscribe(listener);
  }

  /**
   * The same policies with other numbers, at once. What they count and who waits stays, and times that run already.
   * @throws IllegalPipeline for other policies, RangeError for a number that makes no sense; then nothing changes
   */
  reconfigure(policies: OthersLike<Policies>): void {
    checkOrder(this.dependency, policies);
    checkKeys(this.dependency, policies);
    const kinds = policies.map(({ policy }) => policy);
    if (
      kinds.length !== this.#policies.length ||
      kinds.some((kind, at) => kind !== this.#policies[at]!.kind)
    ) {
      throw new IllegalPipeline(this.dependency, `${kinds.join(', ')} are other policies than it has`);
    }
    // A number that is wrong stops this, before the first policy has changed.
    for (const configuration of policies) {
      if (this.#budget === null && configuration.policy === 'retry' && configuration.budget !== undefined) {
        throw new IllegalPipeline(this.dependency, 'it was made without a budget, and can not be given one');
      }
      makePolicy(configuration, this.#surroundings, { budget: null, load: undefined });
    }
    for (const [index, policy] of this.#policies.entries()) {
      const configuration = policies[index]!;
      reconfigure(policy as { reconfigure(configuration: PolicyConfiguration): void }, configuration);
      if (configuration.policy === 'retry' && configuration.budget !== undefined && !this.#sharesBudget) {
        this.#budget?.reconfigure(configuration.budget);
      }
    }
    this.#configuration = policies;
  }

  /**
   * Changes some of the numbers that its policies have, by name: for people, and whoever knows no types.
   * @throws RangeError for one that they do not have, or that makes no sense; then nothing changes
   */
  tune(changes: Tuning): void {
    const kinds = this.#configuration.map(({ policy }) => policy as string);
    const stranger = Object.keys(changes).find(kind => !kinds.includes(kind));
    if (stranger !== undefined) throw new RangeError(`${this.dependency} has no ${stranger}`);
    const tuned = this.#configuration.map(policy => ({ ...policy, ...numbersOf(policy, changes) }));
    this.reconfigure(tuned as unknown as OthersLike<Policies>);
  }

  #attempt(call: Call): Promise<unknown> {
    if (!this.#events.heard) return perform(call);
    const { classify } = this.#surroundings;
    const { attempt } = call;
    return perform(call).then(
      value => {
        this.#events.emit({ kind: 'attempt', attempt, outcome: 'answered', tookMs: call.tookMs });
        return value;
      },
      (error: unknown) => {
        const outcome = classify(error);
        if (call.begun) this.#events.emit({ kind: 'attempt', attempt, outcome, tookMs: call.tookMs });
        throw error;
      },
    );
  }
}

/** The same kinds in the same order, whatever their numbers. */
type OthersLike<Policies extends readonly PolicyConfiguration[]> = {
  readonly [Index in keyof Policies]: ConfigurationOf<Policies[Index]['policy'] & PolicyKind>;
};

function numbersOf(policy: PolicyConfiguration, changes: Tuning): Readonly<Record<string, number>> {
  const numbers = changes[policy.policy] ?? {};
  for (const name of Object.keys(numbers)) {
    if (typeof (policy as unknown as Record<string, unknown>)[name] === 'number') continue;
    throw new RangeError(`${policy.policy} has no number ${name}`);
  }
  return numbers;
}

function ownBudget(policies: readonly PolicyConfiguration[], { clock }: Surroundings): RetryBudget | null {
  for (const configuration of policies) {
    if (configuration.policy === 'retry' && configuration.budget !== undefined) {
      return new RetryBudget(configuration.budget, clock);
    }
  }
  return null;
}
