/**
 * The input topics of each consuming process. All have the same number of partitions: a number is a lane.
 * Of events, a service reads the topics with what it reacts to; order, which watches choreographed orders, reads all.
 */
export const inputTopics = {
  order: ['order.commands', 'order.events', 'inventory.events', 'payment.events', 'shipping.events'],
  inventory: ['inventory.commands', 'order.events', 'payment.events'],
  payment: ['payment.commands', 'order.events', 'inventory.events', 'payment.events', 'shipping.events'],
  shipping: ['shipping.commands', 'order.events', 'inventory.events', 'payment.events'],
  orchestrator: ['orchestrator.commands', 'orchestrator.replies'],
} as const satisfies Record<string, readonly string[]>;

export type ServiceName = keyof typeof inputTopics;

export const serviceNames = Object.keys(inputTopics) as ServiceName[];

/** Where every participant answers a coordinator's command. */
export const repliesTopic = 'orchestrator.replies';

/** Copies of what could not be handled, for people and tools; the table `dead_letter` is the record. */
export const deadLettersTopic = 'dead-letters';

export const allTopics: readonly string[] = [
  ...new Set([...Object.values(inputTopics).flat(), deadLettersTopic]),
];
