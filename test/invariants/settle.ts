import { inputTopics, type ServiceName, serviceNames } from '@ballast/contracts';
import { topicEnds } from '@ballast/messaging';
import { openPool, type Pool } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until nothing is on its way any more; false when that takes too long, as in a shop that is open. */
export async function settle(
  stack: {
    readonly databaseUrls: Readonly<Record<ServiceName, string>>;
    readonly brokers: readonly string[];
    readonly topicPrefix?: string;
  },
  withinMs: number,
): Promise<boolean> {
  const pools = serviceNames.map(
    service =>
      [service, openPool({ url: stack.databaseUrls[service], applicationName: 'judge', max: 1 })] as const,
  );
  try {
    for (const begun = performance.now(); ; await sleep(250)) {
      const ends = await endsOf(stack.brokers, stack.topicPrefix ?? '');
      const quiet = await Promise.all(pools.map(([service, pool]) => isQuiet(service, pool, ends)));
      if (quiet.every(Boolean)) return true;
      if (performance.now() - begun >= withinMs) return false;
    }
  } finally {
    await Promise.all(pools.map(([, pool]) => pool.end()));
  }
}

async function endsOf(brokers: readonly string[], prefix: string): Promise<Map<string, number>> {
  const topics = Object.values(inputTopics)
    .flat()
    .map(topic => prefix + topic);
  const bounds = await topicEnds(brokers, topics);
  return new Map(
    [...bounds].flatMap(([topic, partitions]) =>
      partitions.map(({ partition, end }) => [`${topic.slice(prefix.length)}/${partition}`, end] as const),
    ),
  );
}

async function isQuiet(
  service: ServiceName,
  pool: Pool,
  ends: ReadonlyMap<string, number>,
): Promise<boolean> {
  const { rows } = await pool.query<{ busy: boolean }>({ text: `SELECT EXISTS (${busy[service]}) AS busy` });
  if (rows[0]!.busy) return false;
  const positions = await pool.query<{ topic: string; lane: number; next: number }>({
    text: 'SELECT topic, lane, next_offset AS next FROM lane_position',
  });
  return positions.rows.every(({ topic, lane, next }) => next >= (ends.get(`${topic}/${lane}`) ?? 0));
}

const participant = `
  SELECT FROM outbox
  UNION ALL SELECT FROM barrier WHERE state IN ('waiting', 'undoing')
  UNION ALL SELECT FROM choreographed_order WHERE open AND parked IS NULL
  UNION ALL SELECT FROM branch WHERE open`;

/** What is left to do, service by service. What is parked waits for a person, and does not keep the judge waiting. */
const busy: Readonly<Record<ServiceName, string>> = {
  order: `${participant} UNION ALL SELECT FROM orders WHERE status = 'PENDING'`,
  inventory: participant,
  payment: participant,
  shipping: participant,
  orchestrator: `SELECT FROM outbox UNION ALL
                 SELECT FROM saga_progress WHERE running AND state->>'kind' <> 'parked'`,
};
