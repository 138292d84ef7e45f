import { type HttpOutbox, Operations, OperationsDesk } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import { type DynamicModule, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { Definitions } from '../sagas/definitions.js';
import { SagaReader } from '../storage/saga-reader.js';
import { OperationsController } from './operations.controller.js';
import { SagaSearchController } from './saga-search.controller.js';

export interface OperationsApiParts {
  readonly database: Queries;
  readonly outbox: Pick<HttpOutbox, 'rows' | 'committed'>;
  readonly definitions: Definitions;
  readonly reader: SagaReader;
  /** What else operators get on this port. */
  readonly beside?: readonly DynamicModule[];
}

/** The operators' API: everything that needs no consumer. */
@Module({})
export class OperationsApiModule {
  static register({ database, outbox, definitions, reader, beside = [] }: OperationsApiParts): DynamicModule {
    const operations = new Operations(database, outbox);
    const desk = new OperationsDesk(operations, outbox, '/orchestrator/operations');
    const provided = [reader, operations, definitions, desk, new Waits(desk)];
    return {
      module: OperationsApiModule,
      imports: [...beside],
      controllers: [SagaSearchController, OperationsController],
      providers: provided.map(useValue => ({ provide: useValue.constructor, useValue })),
    };
  }
}

/** Ends what is waited for before HTTP is closed. */
@Injectable()
export class Waits implements OnModuleDestroy {
  constructor(private readonly desk: OperationsDesk) {}

  onModuleDestroy(): void {
    this.desk.close();
  }
}
