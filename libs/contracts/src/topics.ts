/** The input topics of each consuming process. All have the same number of partitions: a number is a lane. */
export const inputTopics = {
  order: ['order.commands'],
  inventory: ['inventory.commands'],
  payment: ['payment.commands'],
  shipping: ['shipping.commands'],
  orchestrator: ['orchestrator.commands', 'orchestrator.replies'],
} as const satisfies Record<string, readonly string[]>;

export type ServiceName = keyof typeof inputTopics;

export const serviceNames = Object.keys(inputTopics) as ServiceName[];

/** Where every participant answers a coordinator's command. */
export const repliesTopic = 'orchestrator.replies';

/** Copies of what could not be handled, for people and tools; the table `dead_letter` is the record. */
export const deadLettersTopic = 'dead-letters';

export const allTopics: readonly string[] = [...Object.values(inputTopics).flat(), deadLettersTopic];
