import type { SagaView } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import type { Definitions } from '../sagas/definitions.js';
import type { SagaRepository } from '../storage/saga-repository.js';
import { viewOf } from './saga-view.js';

/** Looks at sagas from outside their lanes: it reads what is committed, and changes nothing. */
export class SagaLookup {
  constructor(
    private readonly database: Queries,
    private readonly repository: SagaRepository,
    private readonly definitions: Definitions,
  ) {}

  async find(orderId: string): Promise<SagaView | undefined> {
    const record = await this.repository.find(this.database, orderId);
    return record && viewOf(record, this.definitions.of(record)?.saga);
  }
}
