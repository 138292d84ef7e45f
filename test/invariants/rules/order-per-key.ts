import {
  inputTopics,
  orderCancelRequested,
  orderOperatorCommands,
  orderPlaced,
  orderResumeRequested,
} from '@ballast/contracts';
import type { MessageRow } from '../reading/topic-log.js';
import type { Rule } from '../rule.js';

/**
 * Reads the topics. An order's messages stand on one partition of each topic, in the order in which they were sent; a
 * double may come at any time later. What requests send has no order that was promised.
 */
export const orderPerKey: Rule = {
  name: 'an order’s messages keep their order',
  needs: ['completed'],
  order({ id, messages }, notes) {
    const last = new Map<string, MessageRow>();
    for (const message of messages) {
      if (message.topic === inputTopics.orchestrator[0] || ofRequests.has(message.type)) continue;
      // Each sender has a clock of its own.
      const key = `${message.topic} ${message.source}`;
      const before = last.get(key);
      last.set(key, message);
      if (before === undefined) continue;
      notes.count('pairs');
      if (before.lane !== message.lane)
        notes.violate(
          id,
          `${message.topic}: ${message.type} is on partition ${message.lane}, others on ${before.lane}`,
        );
      else if (before.sentAt > message.sentAt)
        notes.violate(
          id,
          `${message.topic}: ${message.type} stands behind ${before.type}, which was sent later`,
        );
    }
  },
};

/** Sent by whoever answers a request, beside the owner of the order's lane. */
const ofRequests: ReadonlySet<string> = new Set(
  [orderPlaced, orderCancelRequested, orderResumeRequested, ...Object.values(orderOperatorCommands)].map(
    ({ type }) => type,
  ),
);
