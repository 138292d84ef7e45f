import {
  type LaneHandler,
  orderOf,
  type Pass,
  type PassResult,
  PoisonedWork,
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
  constructor(
    private readonly definitions: Definitions,
    private readonly repository: SagaRepository,
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly running = new RunningSagas(),
  ) {}

  claimed(lanes: readonly number[], tx: Queries): Promise<readonly Timer[]> {
    this.running.forget(lanes);
    return this.repository.loadTimers(tx, lanes);
  }

  dropped(lanes: readonly number[]): void {
    this.running.forget(lanes);
  }

  async process(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const loaded = await this.repository.load(pass.tx, this.#unknown(work));
    const sagas = new SagaPass(this.definitions, pass.now, orderId => this.#recall(orderId, loaded));
    for (const item of work) {
      try {
        sagas.take(item);
      } catch (error) {
        throw new PoisonedWork(item, error);
      }
    }
    await pass.businessSave(() => this.repository.save(pass.tx, sagas.changes()));
    const { send, timers, notes, advanced } = sagas;
    const committed = () => {
      this.running.remember(advanced);
      for (const { level, fields, text } of notes) this.logger[level](fields, text);
    };
    return { send, hold: [], timers, committed };
  }

  /** The orders that are not in memory, with their lanes. */
  #unknown(work: readonly Work[]): Map<string, number> {
    const unknown = new Map<string, number>();
    for (const item of work) {
      const orderId = orderOf(item);
      if (this.running.get(orderId) !== undefined) continue;
      // The database would refuse the whole statement.
      if (!uuid.test(orderId)) throw new PoisonedWork(item, new TypeError(`"${orderId}" is not an order id`));
      unknown.set(orderId, item.lane);
    }
    return unknown;
  }

  #recall(orderId: string, loaded: ReadonlyMap<string, Known>): Known {
    const saga = this.running.get(orderId);
    return saga === undefined ? (loaded.get(orderId) ?? absent) : { kind: 'saga', saga };
  }
}

const absent: Known = { kind: 'absent' };

/** As ids are written here: in lower case, so that a key has one partition. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
