import { cancelOrder, completeOrder } from '@ballast/contracts';
import { mustFinish, on, type Participant, type ParticipantStorage } from '@ballast/messaging';
import { cancel, complete, type OrderProgress } from './domain/order-progress.js';

/**
 * The order's own part in its flow: to be ended. `order.cancel` is no step, it is what a compensated flow sends, and
 * is tried again like one that must finish.
 */
export const orderParticipant = (
  storage: ParticipantStorage<OrderProgress, never, never>,
): Participant<OrderProgress> => ({
  name: 'order',
  storage,
  keys: () => [],
  operations: [mustFinish(on(completeOrder, complete)), mustFinish(on(cancelOrder, cancel))],
});
