import { inputTopics, type ServiceName, serviceNames } from '@ballast/contracts';
import type { Judged, Notes, Rule } from '../rule.js';

/**
 * Reads positions and inboxes, and the topics. Every message is handled, what is before a position is remembered, and
 * what is remembered stands on a topic. Days that an inbox has forgotten by their age are not asked for.
 */
export const inboxesRemember: Rule = {
  name: 'every message is handled, and remembered as handled',
  needs: ['completed'],
  async whole(judged, notes) {
    for (const service of serviceNames) {
      await checkPositions(judged, service, notes);
      await checkInbox(judged, service, notes);
    }
  },
};

async function checkPositions(
  { databases, topics, limits }: Judged,
  service: ServiceName,
  notes: Notes,
): Promise<void> {
  const rows = await databases[service].rows<{ topic: string; lane: number; next: number }>(
    'SELECT topic, lane, next_offset AS next FROM lane_position',
  );
  const positions = new Map(rows.map(({ topic, lane, next }) => [`${topic}/${lane}`, next]));
  const oldMs = databases[service].now.getTime() - limits.restMs;
  for (const topic of inputTopics[service]) {
    for (const { partition, end } of topics.bounds.get(topic) ?? []) {
      const next = positions.get(`${topic}/${partition}`) ?? 0;
      if (next > end)
        notes.violate(null, `${topic} partition ${partition} ends at ${end}, ${service} is at ${next}`);
      const left = topics.rows<{ orderId: string; type: string }>(
        `SELECT order_id AS orderId, type FROM record
         WHERE topic = ? AND lane = ? AND position >= ? AND sent_at < ? LIMIT 100`,
        topic,
        partition,
        next,
        oldMs,
      );
      for (const { orderId, type } of left) notes.violate(orderId, `${service} has not handled its ${type}`);
    }
  }
}

async function checkInbox({ databases, topics }: Judged, service: ServiceName, notes: Notes): Promise<void> {
  await topics.remember(
    service,
    databases[service].pieces('SELECT message_id AS id, sent_at AS "sentAt" FROM inbox', 10_000),
  );
  const own = inputTopics[service].map(topic => `'${topic}'`).join(', ');
  const [counted] = topics.rows<{ ids: number; oldest: number | null }>(
    'SELECT count(*) AS ids, min(sent_at) AS oldest FROM inbox WHERE service = ?',
    service,
  );
  notes.count('remembered', counted!.ids);
  if (topics.isComplete) {
    const made = topics.rows<{ id: string }>(
      `SELECT id FROM inbox WHERE service = ? AND NOT EXISTS (
         SELECT 1 FROM record WHERE record.id = inbox.id AND record.topic IN (${own})) LIMIT 1000`,
      service,
    );
    for (const { id } of made)
      notes.violate(null, `${service} has handled message ${id}, which is on no topic`);
  }
  const positions = await databases[service].rows<{ topic: string; lane: number; next: number }>(
    'SELECT topic, lane, next_offset AS next FROM lane_position',
  );
  for (const { topic, lane, next } of positions) {
    const forgotten = topics.rows<{ id: string; orderId: string; type: string }>(
      `SELECT id, order_id AS orderId, type FROM record
       WHERE topic = ? AND lane = ? AND position < ? AND sent_at >= ?
         AND NOT EXISTS (SELECT 1 FROM inbox WHERE service = ? AND inbox.id = record.id) LIMIT 1000`,
      topic,
      lane,
      next,
      // An inbox that remembers nothing has forgotten all.
      counted!.oldest ?? Number.MAX_SAFE_INTEGER,
      service,
    );
    for (const { id, orderId, type } of forgotten)
      notes.violate(orderId, `${service} is past ${type} ${id} and does not remember it`);
  }
}
