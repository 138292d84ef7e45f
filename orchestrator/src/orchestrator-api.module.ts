import { type DynamicModule, Module } from '@nestjs/common';
import { SagasController } from './api/sagas.controller.js';
import { Definitions } from './sagas/definitions.js';
import { SagaReader } from './storage/saga-reader.js';

/** Sagas over HTTP: everything that needs no consumer. */
@Module({})
export class OrchestratorApiModule {
  static register(reader: SagaReader, definitions: Definitions): DynamicModule {
    return {
      module: OrchestratorApiModule,
      controllers: [SagasController],
      providers: [
        { provide: SagaReader, useValue: reader },
        { provide: Definitions, useValue: definitions },
      ],
    };
  }
}
