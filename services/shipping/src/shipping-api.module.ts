import type { Pool } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { ShipmentsController } from './api/shipments.controller.js';
import { ZonesController } from './api/zones.controller.js';
import { Capacities } from './storage/capacities.js';
import { Shipments } from './storage/shipments.js';

/** Capacity and shipments over HTTP: everything that needs no consumer. */
@Module({})
export class ShippingApiModule {
  static register(database: Pool): DynamicModule {
    return {
      module: ShippingApiModule,
      controllers: [ZonesController, ShipmentsController],
      providers: [
        { provide: Capacities, useValue: new Capacities(database) },
        { provide: Shipments, useValue: new Shipments(database) },
      ],
    };
  }
}
