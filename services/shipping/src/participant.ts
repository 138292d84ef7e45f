import { bookShipment, cancelShipment, dispatchShipment } from '@ballast/contracts';
import { mustFinish, on, undoable, type Participant, type ParticipantStorage } from '@ballast/messaging';
import type { Capacity, SlotChange } from './domain/capacity.js';
import {
  book,
  cancel,
  capacitiesOf,
  dispatch,
  labelAnswered,
  type LabelCall,
  type Shipment,
} from './domain/shipment.js';

export type ShippingParticipant = Participant<Shipment, Capacity, SlotChange, LabelCall>;

/** Books a place with the carrier, gives it back, or sends the parcel off. */
export const shippingParticipant = (
  storage: ParticipantStorage<Shipment, Capacity, SlotChange>,
): ShippingParticipant => ({
  name: 'shipping',
  storage,
  keys: capacitiesOf,
  operations: [
    undoable(on(bookShipment, book), on(cancelShipment, cancel)),
    mustFinish(on(dispatchShipment, dispatch, labelAnswered)),
  ],
});
