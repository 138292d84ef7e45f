import { type DynamicModule, Module } from '@nestjs/common';
import { LaneBook } from './lane-book.js';
import { LanesController } from './lanes.controller.js';

/** `/operations/lanes`, where operators are listened to: the lanes of this service. */
@Module({})
export class LanesModule {
  static register(book: LaneBook): DynamicModule {
    return {
      module: LanesModule,
      controllers: [LanesController],
      providers: [{ provide: LaneBook, useValue: book }],
    };
  }
}
