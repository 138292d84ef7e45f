import type { Logger } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { DependenciesController } from './dependencies.controller.js';
import { Dependencies } from './dependencies.js';
import type { Dependency } from './dependency.js';
import { EventStreams } from './event-stream.js';

/** `/operations/dependencies`, where the process listens: how its calls to others are doing. */
@Module({})
export class DependenciesModule {
  static register(dependencies: readonly Dependency[], logger: Pick<Logger, 'warn'>): DynamicModule {
    return {
      module: DependenciesModule,
      controllers: [DependenciesController],
      providers: [
        { provide: Dependencies, useValue: new Dependencies(dependencies, logger) },
        { provide: EventStreams, useValue: new EventStreams() },
      ],
    };
  }
}
