import type { Queries } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { SagaLookup } from './api/saga-lookup.js';
import { SagasController } from './api/sagas.controller.js';
import type { Definitions } from './sagas/definitions.js';
import { SagaRepository } from './storage/saga-repository.js';

/** Sagas over HTTP: everything that needs no consumer. */
@Module({})
export class OrchestratorApiModule {
  static register(database: Queries, definitions: Definitions): DynamicModule {
    const lookup = new SagaLookup(database, new SagaRepository(), definitions);
    return {
      module: OrchestratorApiModule,
      controllers: [SagasController],
      providers: [{ provide: SagaLookup, useValue: lookup }],
    };
  }
}
