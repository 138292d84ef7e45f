import { serviceNames } from '@ballast/contracts';
import type { Rule } from '../rule.js';

/** Reads the outboxes and the topics. What was committed is on its topic soon, and an id stands for one message. */
export const outboxesAreEmptied: Rule = {
  name: 'what is committed is published, and an id is one message',
  needs: ['completed'],
  async whole({ databases, topics, limits: { restMs } }, notes) {
    for (const service of serviceNames) {
      const waiting = await databases[service].rows<{ key: string; topic: string; seconds: number }>(
        `SELECT key, topic, extract(epoch FROM now() - created_at)::int AS seconds FROM outbox
         WHERE created_at < now() - make_interval(secs => $1) ORDER BY seq LIMIT 1000`,
        [restMs / 1_000],
      );
      for (const { key, topic, seconds } of waiting)
        notes.violate(key, `a message of ${service} to ${topic} has been waiting for ${seconds} s`);
    }
    const [counted] = topics.rows<{ records: number; messages: number }>(
      'SELECT count(*) AS records, count(DISTINCT id) AS messages FROM record',
    );
    notes.count('messages', counted!.messages);
    notes.count('doubles', counted!.records - counted!.messages);
    const ambiguous = topics.rows<{ id: string; orderId: string }>(`
      SELECT id, min(order_id) AS orderId FROM record
      GROUP BY id HAVING count(*) > 1 AND (count(DISTINCT digest) > 1 OR count(DISTINCT topic) > 1 OR count(DISTINCT lane) > 1)
      LIMIT 1000`);
    for (const { id, orderId } of ambiguous) notes.violate(orderId, `id ${id} stands for different messages`);
  },
};
