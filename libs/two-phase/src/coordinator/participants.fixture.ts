import type { Answer } from '@ballast/contracts';
import { advanceBranch } from '../participant/advance-branch.js';
import type { BranchEvent, LocalBranch, Marker } from '../participant/branch.js';
import type { Event, Operation, Send } from './event.js';

/** What one participant has made of its part, and what it says and asks meanwhile. */
export interface Participant {
  /** In memory: each is done sometime, in whatever order, or lost with the process. */
  readonly tasks: readonly unknown[];
  readonly effect: 'nothing' | 'set aside' | 'done';
  /** How often it was done for good, and how often set aside. */
  readonly times: { setAside: number; done: number };
  /** What it says or asks at once. */
  handle(send: Send, now: number, busy: boolean): Event[];
  work(pick: number, now: number): Event[];
  restart(now: number): Event[];
  /** Time has passed: whoever waits for the decision may ask for it. */
  wait(now: number): Event[];
}

const yes: Answer = { outcome: 'done', reply: { room: 7 } };
const busyAnswer: Answer = { outcome: 'refused', code: 'BUSY' };

/** One that keeps to the barrier of the transport protocol. */
export class Tried implements Participant {
  readonly tasks = [];
  readonly times = { setAside: 0, done: 0 };
  #effect: Participant['effect'] = 'nothing';
  #stored: Answer | null = null;
  #blocked = false;

  constructor(
    readonly name: string,
    private readonly rejects: boolean,
  ) {}

  get effect() {
    return this.#effect;
  }

  handle({ operation, attempt, deadlineAt }: Send, now: number, busy: boolean): Event[] {
    const late = deadlineAt !== null && now >= deadlineAt;
    return [answered(this.name, operation, attempt, busy ? busyAnswer : this.#answer(operation, late))];
  }

  work(): Event[] {
    return [];
  }

  restart(): Event[] {
    return [];
  }

  wait(): Event[] {
    return this.#effect === 'set aside' ? [{ kind: 'asked', part: this.name }] : [];
  }

  #answer(operation: Operation, late: boolean): Answer {
    switch (operation) {
      case 'prepare':
        return this.#tried(late);
      case 'abort':
        if (this.#effect === 'done') throw new Error(`${this.name} was told to undo what is done for good`);
        this.#effect = 'nothing';
        this.#blocked = true;
        return yes;
      default:
        if (this.#effect === 'nothing') throw new Error(`${this.name} was told to do what it has not tried`);
        if (this.#effect === 'set aside') this.times.done++;
        this.#effect = 'done';
        return yes;
    }
  }

  #tried(late: boolean): Answer {
    if (this.#blocked || (late && this.#stored === null)) {
      this.#blocked = true;
      return { outcome: 'aborted' };
    }
    if (this.#stored === null && !this.rejects) {
      this.#effect = 'set aside';
      this.times.setAside++;
    }
    return (this.#stored ??= this.rejects ? { outcome: 'rejected', code: 'FULL' } : yes);
  }
}

type Task =
  { readonly kind: 'do' | 'commit' | 'rollback' } | { readonly kind: 'report'; readonly event: BranchEvent };

/** One that prepares a transaction: the branch's own engine, and a database in as few lines as possible. */
export class Prepared implements Participant {
  readonly tasks: Task[] = [];
  readonly times = { setAside: 0, done: 0 };
  #branch: LocalBranch | null = null;
  #isPrepared = false;
  #marker: Marker = 'absent';

  constructor(
    readonly name: string,
    private readonly rejects: boolean,
  ) {}

  get effect() {
    return this.#isPrepared ? 'set aside' : this.#marker === 'committed' ? 'done' : 'nothing';
  }

  handle({ operation, attempt, deadlineAt, data }: Send, now: number): Event[] {
    if (operation === 'prepare')
      return this.#advance({ kind: operation, attempt, order: data, deadlineAt }, now);
    return this.#advance({ kind: operation as 'commit' | 'abort', attempt }, now);
  }

  work(pick: number, now: number): Event[] {
    const [task] = this.tasks.splice(pick % Math.max(this.tasks.length, 1), 1);
    if (task?.kind === 'report') return this.#advance(task.event, now);
    const event = task === undefined ? null : this.#transaction(task.kind);
    if (event !== null) this.tasks.push({ kind: 'report', event });
    return [];
  }

  restart(now: number): Event[] {
    this.tasks.length = 0;
    return this.#advance({ kind: 'looked', listed: this.#isPrepared }, now);
  }

  wait(now: number): Event[] {
    return this.#advance({ kind: 'timer' }, now);
  }

  #transaction(kind: 'do' | 'commit' | 'rollback'): BranchEvent | null {
    const marker = this.#marker;
    const found = this.#isPrepared;
    if (kind === 'do') {
      if (found || marker !== 'absent') return null;
      if (this.rejects) return { kind: 'refused', code: 'FULL' };
      this.#isPrepared = true;
      this.times.setAside++;
      return { kind: 'prepared' };
    }
    this.#isPrepared = false;
    if (found && kind === 'commit') {
      this.times.done++;
      this.#marker = 'committed';
    }
    if (!found && kind === 'rollback' && marker === 'absent') this.#marker = 'blocked';
    return { kind: 'ended', found, marker };
  }

  #advance(event: BranchEvent, now: number): Event[] {
    const next = advanceBranch(this.#branch, { orderId: 'an-order', name: this.name }, event, now);
    this.#branch = next.branch;
    return next.effects.flatMap((effect): Event[] => {
      switch (effect.kind) {
        case 'do':
          this.tasks.push({ kind: 'do' });
          return [];
        case 'end':
          this.tasks.push({ kind: effect.outcome });
          return [];
        case 'ask':
          return [{ kind: 'asked', part: this.name }];
        case 'answer':
          return [answered(this.name, effect.operation, effect.attempt, repliedBy(effect.answer))];
        case 'alarm':
          throw new Error(`${effect.alarm}: ${effect.detail}`);
      }
    });
  }
}

/** The step that follows on the commit. */
export const followUp = ({ part, operation, attempt }: Send, busy: boolean): Event =>
  answered(part, operation, attempt, busy ? busyAnswer : yes);

const repliedBy = (answer: Answer): Answer => (answer.outcome === 'done' ? yes : answer);

const answered = (part: string, operation: Operation, attempt: number, answer: Answer): Event => ({
  kind: 'answered',
  part,
  operation,
  attempt,
  answer,
});
