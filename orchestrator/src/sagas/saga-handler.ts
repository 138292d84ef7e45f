import { isWrittenOrderId } from '@ballast/contracts';
import {
  type LaneHandler,
  orderOf,
  type Pass,
  type PassResult,
  PoisonedWork,
  Prefetched,
  type Timer,
  type Work,
} from '@ballast/messaging';
import type { Logger, Queries } from '@ballast/platform';
import type { Known, SagaRepository } from '../storage/saga-repository.js';
import type { Definitions } from './definitions.js';
import { RunningSagas } from './running-sagas.js';
import { SagaPass } from './saga-pass.js';

/** The engine's shell: loads the sagas of a pass, advances each in memory, stores them and what they send. */
export class SagaHandler implements LaneHandler {
  readonly #prefetched = new Prefetched<ReadonlyMap<string, Known>>();

  constructor(
    private readonly definitions: Definitions,
    private readonly repository: SagaRepository,
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly running = new RunningSagas(),
  ) {}

  claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]> {
    this.running.forget(lanes);
    return this.repository.takeOver(tx, lanes);
  }

  dropped(lanes: readonly number[]): void {
    this.running.forget(lanes);
  }

  prefetch(work: readonly Work[], tx: Queries): void {
    this.#prefetched.begin(this.repository.load(tx, this.#unknown(this.#unlessUnreadable(work, new Map()))));
  }

  async process(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const causes = new Map<Work, unknown>();
    const taken = this.#unlessUnreadable(work, causes);
    const loaded = await this.#prefetched.take();
    const sagas = new SagaPass(this.definitions, pass.now, orderId => this.#recall(orderId, loaded));
    takeAll(sagas, taken, causes);
    if (causes.size > 0) throw new PoisonedWork(causes);
    await pass.businessSave(() => this.repository.save(pass.tx, sagas.changes()));
    const { send, timers, notes, advanced } = sagas;
    const committed = () => {
      this.running.remember(advanced);
      for (const { level, fields, text } of notes) this.logger[level](fields, text);
    };
    return { send, hold: [], timers, committed };
  }

  /** Without what has no order id: the database would refuse the statement that asks for it. */
  #unlessUnreadable(work: readonly Work[], causes: Map<Work, unknown>): Work[] {
    return work.filter(item => {
      const orderId = orderOf(item);
      const readable = this.running.get(orderId) !== undefined || isWrittenOrderId(orderId);
      if (!readable) causes.set(item, new TypeError(`"${orderId}" is not an order id`));
      return readable;
    });
  }

  /** The orders that are not in memory, with their lanes. */
  #unknown(work: readonly Work[]): Map<string, number> {
    const unknown = new Map<string, number>();
    for (const item of work) {
      const orderId = orderOf(item);
      if (this.running.get(orderId) === undefined) unknown.set(orderId, item.lane);
    }
    return unknown;
  }

  #recall(orderId: string, loaded: ReadonlyMap<string, Known>): Known {
    const saga = this.running.get(orderId);
    return saga === undefined ? (loaded.get(orderId) ?? absent) : { kind: 'saga', saga };
  }
}

function takeAll(sagas: SagaPass, work: readonly Work[], causes: Map<Work, unknown>): void {
  const blocked = new Set<string>();
  for (const item of work) {
    const orderId = orderOf(item);
    // What comes after a message that is at fault waits for it: it can't be judged yet.
    if (blocked.has(orderId)) continue;
    try {
      sagas.take(item);
    } catch (error) {
      causes.set(item, error);
      blocked.add(orderId);
    }
  }
}

const absent: Known = { kind: 'absent' };
