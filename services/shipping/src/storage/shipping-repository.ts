import type { ParticipantStorage } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import type { Capacity, SlotChange } from '../domain/capacity.js';
import type { Shipment } from '../domain/shipment.js';
import { FreeSlots } from './free-slots.js';
import { rowOf, shipmentOf, type ShipmentRow } from './shipment-rows.js';
import { statements } from './statements.js';

/** Shipments by order, and free slots by zone and day. */
export class ShippingRepository implements ParticipantStorage<Shipment, Capacity, SlotChange> {
  readonly #freeSlots = new FreeSlots();

  async loadOwn(tx: Queries, orderIds: readonly string[]): Promise<Map<string, Shipment>> {
    const { rows } = await tx.query<ShipmentRow>(statements.statement('load-shipments', [orderIds]));
    return new Map(rows.map(row => [row.order_id, shipmentOf(row)]));
  }

  /** Locks as many slots of each zone's day as the pass wants. Nobody waits for one: any other is as good. */
  loadShared(
    tx: Queries,
    demand: ReadonlyMap<string, number>,
  ): Promise<{ found: Map<string, Capacity>; locked: ReadonlySet<string> }> {
    return this.#freeSlots.lock(tx, demand);
  }

  /** What is left of the capacities is memory of the pass only: the slots that changed hands say it all. */
  async save(
    tx: Queries,
    changes: {
      readonly own: ReadonlyMap<string, Shipment>;
      readonly shared: ReadonlyMap<string, Capacity>;
      readonly appended: readonly SlotChange[];
    },
  ): Promise<void> {
    const last = new Map(changes.appended.map(change => [change.slotId, change]));
    await Promise.all([
      changes.own.size > 0 && saveShipments(tx, changes.own),
      last.size > 0 && saveSlots(tx, [...last.values()]),
    ]);
  }
}

function saveShipments(tx: Queries, own: ReadonlyMap<string, Shipment>) {
  const rows = [...own].map(([orderId, shipment]) => rowOf(orderId, shipment));
  return tx.query(
    statements.statement('save-shipments', [
      rows.map(row => row.order_id),
      rows.map(row => row.status),
      rows.map(row => row.day),
      rows.map(row => row.slot_id),
      rows.map(row => row.zone),
      rows.map(row => row.name),
      rows.map(row => row.street),
      rows.map(row => row.city),
      rows.map(row => row.postal_code),
      rows.map(row => row.tracking_number),
    ]),
  );
}

/** A slot that was taken and freed in one pass is freed: nobody has it, so that nothing is changed. */
async function saveSlots(tx: Queries, changes: readonly SlotChange[]): Promise<void> {
  const { rows } = await tx.query<{ taken: number }>(
    statements.statement('save-slots', [
      changes.map(change => change.slotId),
      changes.map(change => change.orderId),
      changes.map(change => change.kind === 'taken'),
    ]),
  );
  const wanted = changes.filter(change => change.kind === 'taken').length;
  const taken = rows[0]?.taken;
  // Its order would be booked, and its place somebody else's.
  if (taken !== wanted) throw new Error(`${wanted} slots were to be taken, and ${taken} were free`);
}
