import type { Queries } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { ReservationsController } from './api/reservations.controller.js';
import { StockController } from './api/stock.controller.js';
import { Articles } from './storage/articles.js';

/** Stock and reservations over HTTP: everything that needs no consumer. */
@Module({})
export class InventoryApiModule {
  static register(database: Queries): DynamicModule {
    return {
      module: InventoryApiModule,
      controllers: [StockController, ReservationsController],
      providers: [{ provide: Articles, useValue: new Articles(database) }],
    };
  }
}
