import { commitStock, releaseStock, reserveStock } from '@ballast/contracts';
import { mustFinish, on, undoable, type Participant, type ParticipantStorage } from '@ballast/messaging';
import { commit, release, reserve, skusOf, type Reservation } from './domain/reservation.js';
import type { Stock } from './domain/stock.js';

/** Sets an order's goods aside, gives them back, or sends them away. */
export const inventoryParticipant = (
  storage: ParticipantStorage<Reservation, Stock, never>,
): Participant<Reservation, Stock> => ({
  name: 'inventory',
  storage,
  keys: skusOf,
  operations: [
    undoable(on(reserveStock, reserve), on(releaseStock, release)),
    mustFinish(on(commitStock, commit)),
  ],
});
