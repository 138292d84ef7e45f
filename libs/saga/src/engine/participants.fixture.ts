import type { Answer } from '@ballast/contracts';
import type { Definition } from '../definition/definition.js';
import type { Event, Send } from './event.js';

interface Record {
  readonly rejects: boolean;
  done: number;
  undone: number;
  stored: Answer | null;
  tombstone: boolean;
}

/** Participants that keep to the barrier of the transport protocol, in as few lines as possible. */
export class Participants {
  readonly #records: ReadonlyMap<string, Record>;

  /** The steps up to the pivot that reject their do, by position. */
  constructor(
    private readonly saga: Definition,
    rejections: readonly boolean[],
  ) {
    const empty = { done: 0, undone: 0, stored: null, tombstone: false };
    this.#records = new Map(
      saga.steps.map(({ name }, index) => [name, { ...empty, rejects: rejections[index] ?? false }]),
    );
  }

  effects(): { name: string; done: number; undone: number }[] {
    return [...this.#records].map(([name, { done, undone }]) => ({ name, done, undone }));
  }

  /** `busy`: what may refuse refuses. */
  handle({ step, operation, attempt, deadlineAt }: Send, now: number, busy: boolean): Event {
    const record = this.#records.get(step)!;
    const { kind } = this.saga.steps.find(({ name }) => name === step)!;
    const answer =
      busy && (operation === 'undo' || kind === 'must-finish')
        ? ({ outcome: 'refused', code: 'BUSY' } as const)
        : operation === 'undo'
          ? undo(record)
          : act(record, deadlineAt !== null && now >= deadlineAt);
    return { kind: 'answered', step, operation, attempt, answer };
  }
}

function act(record: Record, late: boolean): Answer {
  if (record.tombstone) return { outcome: 'aborted' };
  if (record.stored !== null) return record.stored;
  if (late) {
    record.tombstone = true;
    return { outcome: 'aborted' };
  }
  if (!record.rejects) record.done++;
  record.stored = record.rejects
    ? { outcome: 'rejected', code: 'FULL' }
    : { outcome: 'done', reply: { airport: 'LIS' } };
  return record.stored;
}

function undo(record: Record): Answer {
  if (!record.tombstone && record.stored?.outcome === 'done') record.undone++;
  record.tombstone = true;
  return { outcome: 'done', reply: {} };
}
