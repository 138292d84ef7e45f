import type { ShipmentView } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { shipmentOf, type ShipmentRow } from './shipment-rows.js';
import { statements } from './statements.js';

/** What the API reads of shipments. */
export class Shipments {
  constructor(private readonly database: Queries) {}

  /** Undefined for an order that never had one. */
  async shipment(orderId: string): Promise<ShipmentView | undefined> {
    const { rows } = await this.database.query<ShipmentRow>(
      statements.statement('load-shipments', [[orderId]]),
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const shipment = shipmentOf(row);
    return {
      orderId,
      status: shipment.status.toUpperCase() as Uppercase<typeof shipment.status>,
      zone: shipment.plan.address.zone,
      day: shipment.plan.day,
      trackingNumber: shipment.status === 'dispatched' ? shipment.trackingNumber : null,
    };
  }
}
