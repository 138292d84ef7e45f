import type { Answer } from '@ballast/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from '../message.js';
import {
  type Barrier,
  meet,
  type Outcome,
  type Reply,
  resume,
  type Rule,
  settle,
  type Settled,
  type Side,
  untouched,
  waitsForCall,
} from './barrier.js';

/*
 * One operation of one order, in a world that does its worst: messages come in any order and number, the domain
 * decides anything it may, outside parties and other operations answer at any time. What is promised must hold after
 * every step.
 */

type Step =
  | { readonly kind: 'do'; readonly late: boolean; readonly decides: Outcome['kind'] }
  | { readonly kind: 'undo'; readonly decides: Outcome['kind'] }
  | {
      readonly kind: 'call answered';
      readonly decides: Outcome['kind'];
      readonly undoDecides: Outcome['kind'];
    }
  | { readonly kind: 'order answered'; readonly decides: Outcome['kind'] };

const decides = fc.constantFrom<Outcome['kind']>('done', 'done', 'rejected', 'refused', 'call', 'wait');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('do' as const), late: fc.boolean(), decides }),
    fc.record({ kind: fc.constant('undo' as const), decides }),
    fc.record({ kind: fc.constant('call answered' as const), decides, undoDecides: decides }),
    fc.record({ kind: fc.constant('order answered' as const), decides }),
  ),
  { maxLength: 25 },
);

test.each(['undoable', 'pivot', 'must-finish'] as const)(
  'whatever comes, in whatever order, the barrier of a %s keeps its promises',
  rule => {
    fc.assert(
      fc.property(steps, sequence => {
        const world = new World(rule);
        for (const step of sequence) if (rule === 'undoable' || step.kind !== 'undo') world.take(step);
        world.comeToRest();
      }),
      { numRuns: 3_000 },
    );
  },
);

const now = new Date('2026-11-21T12:00:00.000Z');

class World {
  barrier: Barrier = untouched;
  /** What the domain has really done. */
  effect: 'none' | 'done' | 'undone' = 'none';
  /** Who has asked an outside party that has not answered yet. */
  #calling: Side | null = null;
  #asked: Record<Side, Message[]> = { do: [], undo: [] };
  #answers = new Map<Message['id'], Answer>();
  #undoSucceeded = false;
  #definite: string | null = null;
  #step = 0;

  constructor(private readonly rule: Rule) {}

  take(step: Step): void {
    switch (step.kind) {
      case 'do':
      case 'undo': {
        const message = this.#message(step.kind, step.kind === 'do' && step.late);
        const verdict = meet(this.barrier, step.kind, message, this.#about());
        if (verdict.next === 'settled') this.#accept(verdict);
        else this.#decide(step.kind, message, step.decides);
        break;
      }
      case 'call answered': {
        const side = this.#calling;
        if (side === null) break;
        expect(waitsForCall(this.barrier, side), 'the answer is waited for').toBe(true);
        this.#calling = null;
        const decided = step.decides === 'wait' ? 'done' : step.decides;
        this.#decide(side, this.#waiting(side), decided, step.undoDecides);
        break;
      }
      case 'order answered': {
        const verdict = resume(this.barrier, this.#about());
        if (verdict.next === 'settled') this.#accept(verdict);
        else this.#decide(verdict.side!, this.#waiting(verdict.side!), step.decides);
        break;
      }
    }
    // What is stored is all that is remembered.
    this.barrier = JSON.parse(JSON.stringify(this.barrier)) as Barrier;
  }

  /** Everybody answers at last: then nobody waits any more. */
  comeToRest(): void {
    for (let round = 0; round < 3; round++) {
      this.take({ kind: 'call answered', decides: 'done', undoDecides: 'done' });
      this.take({ kind: 'order answered', decides: 'done' });
    }
    expect(['untouched', 'answered', 'undone', 'tombstone']).toContain(this.barrier.kind);
    for (const side of ['do', 'undo'] as const) {
      const newest = this.#asked[side].at(-1);
      if (newest !== undefined) expect(this.#answers.has(newest.id)).toBe(true);
    }
    if (this.rule !== 'undoable') expect(['untouched', 'answered']).toContain(this.barrier.kind);
  }

  #decide(side: Side, message: Message, kind: Outcome['kind'], undoKind: Outcome['kind'] = 'done'): void {
    // A decision is asked for only where it can still mean something.
    expect(this.effect).toBe(side === 'do' ? 'none' : 'done');
    const outcome = outcomeOf(kind);
    expect(this.#calling, 'one call at a time').toBeNull();
    if (kind === 'call') this.#calling = side;
    if (kind === 'done') this.effect = side === 'do' ? 'done' : 'undone';
    const settled = settle(this.barrier, side, message, outcome, { rule: this.rule, now });
    this.#accept(settled);
    if (settled.then === 'undo') this.#decide('undo', this.#waiting('undo'), undoKind);
  }

  #accept({ barrier, replies }: Settled): void {
    this.barrier = barrier;
    for (const reply of replies) this.#hear(reply);
  }

  #hear({ to, answer }: Reply): void {
    expect(this.#answers.has(to.id), 'a message is answered once').toBe(false);
    this.#answers.set(to.id, answer);
    if (to.type === 'undo') {
      expect(['done', 'refused']).toContain(answer.outcome);
      if (answer.outcome === 'done') {
        expect(this.effect, 'an undo succeeds only when nothing is left').not.toBe('done');
        expect(this.#calling, 'nor can anything come any more').toBeNull();
        this.#undoSucceeded = true;
      }
      return;
    }
    if (answer.outcome === 'done') expect(this.effect).toBe('done');
    else if (answer.outcome !== 'refused') expect(this.effect).not.toBe('done');
    if (this.#undoSucceeded) expect(answer.outcome).toBe('aborted');
    if (answer.outcome === 'done' || answer.outcome === 'rejected') {
      expect(JSON.stringify(answer), 'definite answers do not differ').toBe(
        (this.#definite ??= JSON.stringify(answer)),
      );
    }
    if (this.rule !== 'undoable') expect(answer.outcome).not.toBe('aborted');
    if (this.rule === 'must-finish') expect(answer.outcome).not.toBe('rejected');
  }

  #waiting(side: Side): Message {
    const { do: asked, undo } = this.barrier as Barrier & { kind: 'waiting' | 'undoing' };
    return (side === 'do' ? asked : undo)!;
  }

  #message(type: Side, late: boolean): Message {
    const attempt = this.#asked[type].length + 1;
    const message: Message = {
      id: `${type}-${attempt}`,
      type,
      source: '/orchestrator',
      time: now.toISOString(),
      subject: 'order-1',
      data: { step: this.#step++ },
      attempt,
      ...(type === 'do' && { deadline: late ? '2026-11-21T11:00:00.000Z' : '2026-11-21T13:00:00.000Z' }),
    };
    this.#asked[type].push(message);
    return message;
  }

  #about() {
    return { rule: this.rule, now, unexplainedRecord: false };
  }
}

function outcomeOf(kind: Outcome['kind']): Outcome {
  switch (kind) {
    case 'done':
      return { kind, reply: {} };
    case 'rejected':
    case 'refused':
      return { kind, code: 'NO' };
    default:
      return { kind };
  }
}
