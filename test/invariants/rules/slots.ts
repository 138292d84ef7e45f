import type { Rule } from '../rule.js';

/** Reads shipping's slots and shipments. A shipment that was not cancelled has the slot that it names, and no other. */
export const slotsMatchShipments: Rule = {
  name: 'the carrier’s slots are what the shipments hold',
  needs: ['completed', 'cancelled'],
  order({ id, shipment, slotIds }, notes) {
    notes.count('slotsTaken', slotIds.length);
    if (shipment !== null) notes.count('shipments');
    const holds = shipment !== null && shipment.status !== 'cancelled' ? [shipment.slotId] : [];
    if (slotIds.length === holds.length && slotIds.every((slot, index) => slot === holds[index])) return;
    notes.violate(
      id,
      `its shipment is ${shipment?.status ?? 'absent'} with slot ${holds[0] ?? 'none'}, but it has ${slotIds.join(', ') || 'none'}`,
    );
  },
  async whole({ databases: { shipping } }, notes) {
    const wrong = await shipping.rows<{ zone: string; day: string; slots: number; existing: number }>(`
      SELECT zone, day, slots, coalesce(existing, 0) AS existing
      FROM capacity
      FULL JOIN (SELECT zone, day, count(*) AS existing FROM slot GROUP BY zone, day) AS counted USING (zone, day)
      WHERE slots IS DISTINCT FROM coalesce(existing, 0) LIMIT 1000`);
    for (const { zone, day, slots, existing } of wrong)
      notes.violate(null, `${zone} on ${day} ought to have ${slots} slots and has ${existing}`);
  },
};
