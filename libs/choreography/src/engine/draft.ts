import type { EventType } from '@ballast/contracts';
import {
  arbiterOf,
  type Choreography,
  pivotOf,
  type Reaction,
  reactionsOf,
} from '../definition/definition.js';
import type { Advanced, Alarm, Effect } from './event.js';
import type { Fact, Instant, Progress, ReactionState, Watch } from './progress.js';

/** The next state of one progress while `advance` makes it. Nothing outside of it is changed. */
export class Draft {
  reactions: Readonly<Record<string, ReactionState>>;
  watch: Watch | null;
  readonly effects: Effect[] = [];
  #facts: readonly Fact[];
  #deadlineAt: Instant | null;

  constructor(
    readonly choreography: Choreography,
    readonly progress: Progress,
    readonly now: Instant,
  ) {
    this.reactions = progress.reactions;
    this.watch = progress.watch;
    this.#facts = progress.facts;
    this.#deadlineAt = progress.deadlineAt;
  }

  get deadlinePassed(): boolean {
    return this.#deadlineAt !== null && this.now >= this.#deadlineAt;
  }

  /** Whether the pivot's owner has answered: nothing can be asked for any more. */
  get isDecided(): boolean {
    return (
      this.hasHeard(pivotOf(this.choreography).then!) || this.hasHeard(arbiterOf(this.choreography).then!)
    );
  }

  hasHeard({ type }: EventType): boolean {
    return this.#facts.some(({ event }) => event === type);
  }

  /** Keeps what was heard. Twice is once: each event is announced once for an order. */
  remember(fact: Fact, deadlineAt: Instant | null): void {
    if (deadlineAt !== null) this.#deadlineAt ??= deadlineAt;
    if (this.#facts.some(({ event }) => event === fact.event)) return;
    this.#facts = [...this.#facts, this.#isUsed(fact.event) ? fact : { event: fact.event, data: null }];
    if (this.watch !== null) this.heardSomething();
    const outcomes = [pivotOf(this.choreography).then!, arbiterOf(this.choreography).then!];
    if (outcomes.every(event => this.hasHeard(event))) {
      this.alarm('CONTRADICTING_EVENTS', outcomes.map(({ type }) => type).join(' and '));
    }
  }

  /** What only has to be known, and no operation is told of, is kept without its data. */
  #isUsed(event: string): boolean {
    return reactionsOf(this.choreography, this.progress.participant).some(({ on }) =>
      on.events.some(({ type }) => type === event),
    );
  }

  heardSomething(): void {
    this.watch = { ...this.watch!, heardAt: this.now, parked: null };
  }

  reaction(command: string): Reaction | undefined {
    return reactionsOf(this.choreography, this.progress.participant).find(
      one => one.command.type === command,
    );
  }

  /** The data of what a reaction waits for; null as long as it is not complete. */
  factsFor({ on }: Reaction): readonly unknown[] | null {
    if (on.kind === 'any') {
      const first = this.#facts.find(({ event }) => on.events.some(({ type }) => type === event));
      return first === undefined ? null : [first.data];
    }
    const facts = on.events.map(({ type }) => this.#facts.find(({ event }) => event === type));
    return facts.every(fact => fact !== undefined) ? facts.map(({ data }) => data) : null;
  }

  set(command: string, state: ReactionState): void {
    this.reactions = { ...this.reactions, [command]: state };
  }

  perform({ kind, command, with: data }: Reaction, facts: readonly unknown[], attempt: number): void {
    this.set(command.type, { is: 'asked', attempts: attempt });
    const deadlineAt = kind === 'do' ? this.#deadlineAt : null;
    const given = data(...(facts as never[]));
    this.effects.push({ kind: 'perform', command, data: given, attempt, deadlineAt });
  }

  emit(event: EventType, data: unknown): void {
    this.effects.push({ kind: 'emit', event, data, deadlineAt: this.#deadlineAt });
  }

  finish(outcome: 'completed' | 'cancelled'): void {
    this.watch = { ...this.watch!, state: outcome, parked: null };
    this.effects.push({ kind: 'finished', outcome });
  }

  alarm(alarm: Alarm, detail: string): void {
    this.effects.push({ kind: 'alarm', alarm, detail });
  }

  seal(): Advanced {
    const { reactions, watch, effects, progress } = this;
    const [facts, deadlineAt] = [this.#facts, this.#deadlineAt];
    const same =
      reactions === progress.reactions &&
      watch === progress.watch &&
      facts === progress.facts &&
      deadlineAt === progress.deadlineAt;
    return { progress: same ? progress : { ...progress, deadlineAt, facts, reactions, watch }, effects };
  }
}
