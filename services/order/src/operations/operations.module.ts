import { type HttpOutbox, Operations, OperationsDesk } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import { type DynamicModule, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { ChoreographedReader } from '../storage/choreographed-reader.js';
import { ChoreographedController } from './choreographed.controller.js';

export interface OperationsParts {
  readonly database: Queries;
  readonly outbox: Pick<HttpOutbox, 'rows' | 'committed'>;
  /** What else operators get on this port. */
  readonly beside?: readonly DynamicModule[];
}

/** The operators' API of choreographed orders. */
@Module({})
export class OperationsModule {
  static register({ database, outbox, beside = [] }: OperationsParts): DynamicModule {
    const operations = new Operations(database, outbox);
    const desk = new OperationsDesk(operations, outbox, '/order/operations');
    const provided = [new ChoreographedReader(database), operations, desk, new Waits(desk)];
    return {
      module: OperationsModule,
      imports: [...beside],
      controllers: [ChoreographedController],
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
