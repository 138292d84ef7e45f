import type { Shipment, ShipmentStatus } from '../domain/shipment.js';

export interface ShipmentRow {
  readonly order_id: string;
  readonly status: ShipmentStatus;
  readonly day: string;
  readonly slot_id: number;
  readonly zone: string;
  readonly name: string;
  readonly street: string;
  readonly city: string;
  readonly postal_code: string;
  readonly tracking_number: string | null;
}

export function rowOf(orderId: string, shipment: Shipment): ShipmentRow {
  const { status, plan, slotId } = shipment;
  const { zone, name, street, city, postalCode } = plan.address;
  return {
    order_id: orderId,
    status,
    day: plan.day,
    slot_id: slotId,
    zone,
    name,
    street,
    city,
    postal_code: postalCode,
    tracking_number: status === 'dispatched' ? shipment.trackingNumber : null,
  };
}

/** Throws for a row that no shipment is stored as. */
export function shipmentOf(row: ShipmentRow): Shipment {
  const { status, day, slot_id: slotId, zone, name, street, city, postal_code: postalCode } = row;
  const plan = { address: { zone, name, street, city, postalCode }, day };
  if (status !== 'dispatched') return { status, plan, slotId };
  const { tracking_number: trackingNumber } = row;
  if (trackingNumber === null)
    throw new TypeError(`shipment of order ${row.order_id}: ${status} without tracking_number`);
  return { status, plan, slotId, trackingNumber };
}
