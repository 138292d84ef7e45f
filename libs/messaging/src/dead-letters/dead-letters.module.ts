import type { Queries } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Timeliness } from '../lanes/untimely.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLetters } from './dead-letters.js';

/** `/operations/dead-letters`, where the process listens: what this service could not handle. */
@Module({})
export class DeadLettersModule {
  /** @param timeliness as the lanes have it: tells what needs force */
  static register(database: Queries, timeliness: Timeliness): DynamicModule {
    return {
      module: DeadLettersModule,
      controllers: [DeadLettersController],
      providers: [{ provide: DeadLetters, useValue: new DeadLetters(database, timeliness) }],
    };
  }
}
