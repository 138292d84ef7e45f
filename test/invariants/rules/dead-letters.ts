import { inputTopics, type ServiceName, serviceNames } from '@ballast/contracts';
import type { Judged, Notes, Rule } from '../rule.js';

/**
 * Reads dead letters, held messages, and the records that nobody can read. Each dead letter has been replayed or
 * discarded, or was poisoned on purpose; what is held waits for one of its order; what is unreadable is a dead letter.
 */
export const nothingIsStuck: Rule = {
  name: 'no dead letter or held message is unexplained',
  needs: ['completed'],
  async whole(judged, notes) {
    for (const service of serviceNames) {
      await checkDeadLetters(judged, service, notes);
      await checkHeld(judged, service, notes);
      await checkUnreadable(judged, service, notes);
    }
  },
};

async function checkDeadLetters(
  { databases, expected }: Judged,
  service: ServiceName,
  notes: Notes,
): Promise<void> {
  const rows = await databases[service].rows<Letter>(
    'SELECT order_id AS "orderId", message_id AS "messageId", topic, status, error FROM dead_letter ORDER BY id',
  );
  notes.count('deadLetters', rows.length);
  for (const { orderId, messageId, topic, status, error } of rows) {
    if (status !== 'open') notes.count('settled');
    else if (messageId !== null && expected.poison.has(messageId)) notes.count('expected');
    else notes.violate(orderId, `${service} could not handle a message of ${topic}: ${error}`);
  }
}

async function checkHeld({ databases, limits }: Judged, service: ServiceName, notes: Notes): Promise<void> {
  const rows = await databases[service].rows<{ orderId: string; reason: string; explained: boolean }>(
    `SELECT order_id AS "orderId", reason,
            EXISTS (SELECT FROM dead_letter d WHERE d.order_id = held.order_id AND blocks AND status = 'open') AS explained
     FROM held WHERE held_at < now() - make_interval(secs => $1) ORDER BY seq`,
    [limits.restMs / 1_000],
  );
  notes.count('held', rows.length);
  for (const { orderId, reason, explained } of rows) {
    if (!explained) notes.violate(orderId, `${service} holds a message of it (${reason})`);
  }
}

async function checkUnreadable(
  { databases, topics }: Judged,
  service: ServiceName,
  notes: Notes,
): Promise<void> {
  for (const topic of inputTopics[service]) {
    const records = topics.rows<{ lane: number; position: number }>(
      'SELECT lane, position FROM unreadable WHERE topic = ?',
      topic,
    );
    if (records.length === 0) continue;
    notes.count('unreadable', records.length);
    const known = await databases[service].rows<{ lane: number; position: number }>(
      'SELECT lane, topic_offset AS position FROM dead_letter WHERE topic = $1',
      [topic],
    );
    const places = new Set(known.map(({ lane, position }) => `${lane}/${position}`));
    for (const { lane, position } of records) {
      if (!places.has(`${lane}/${position}`))
        notes.violate(
          null,
          `${topic} partition ${lane} offset ${position} can't be read, and is no dead letter`,
        );
    }
  }
}

interface Letter {
  readonly orderId: string | null;
  readonly messageId: string | null;
  readonly topic: string;
  readonly status: 'open' | 'replayed' | 'discarded';
  readonly error: string;
}
