import { OrderId, problems, ShipmentView } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Shipments } from '../storage/shipments.js';

/** Where an order's parcel is. */
@ApiTags('shipments')
@Controller('shipments')
export class ShipmentsController {
  constructor(private readonly shipments: Shipments) {}

  @Get(':orderId')
  @ApiOperation({ summary: 'The shipment of an order, with its tracking number once it was dispatched.' })
  @ApiOkResponse({ standardSchema: ShipmentView })
  @ApiResponse({ status: 404, description: 'SHIPMENT_NOT_FOUND' })
  async shipment(@Param('orderId') segment: string): Promise<ShipmentView> {
    // What can't be an id belongs to no order: 404, like any other without a shipment.
    const id = OrderId.safeParse(segment);
    const shipment = id.success ? await this.shipments.shipment(id.data) : undefined;
    if (shipment === undefined) throw new Problem(problems.SHIPMENT_NOT_FOUND, 'this order has no shipment');
    return shipment;
  }
}
