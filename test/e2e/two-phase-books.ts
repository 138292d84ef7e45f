import type { ServiceName } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Shop } from './shop.js';
import { expectWhole, rowsOf } from './whole-business.js';

const participants = ['order', 'inventory', 'payment', 'shipping'] as const;

/** Waits until every coordinator has come to its end: an order ends before its branches elsewhere have, and its label. */
export async function coordinatorsEnded(shop: Shop, withinMs = 60_000): Promise<void> {
  for (const begun = performance.now(); ; await sleep(100)) {
    const open = await rowsOf<{ id: string }>(
      shop,
      'orchestrator',
      'SELECT order_id AS id FROM saga_progress WHERE running',
    );
    if (open.length === 0) return;
    if (performance.now() - begun > withinMs) throw new Error(`still open: ${JSON.stringify(open)}`);
  }
}

/**
 * Of orders under two-phase commit that have all ended: nothing is prepared any more, no branch is open or has raised
 * an alarm, every participant did what the coordinator decided, and the business is whole.
 */
export async function expectAgreed(shop: Shop, delivered: Readonly<Record<string, number>>): Promise<void> {
  await coordinatorsEnded(shop);
  const prepared = await rowsOf(shop, 'order', 'SELECT gid, database FROM pg_prepared_xacts');
  expect(prepared).toEqual([]);
  const decided = await rowsOf<{ id: string; outcome: string }>(
    shop,
    'order',
    `SELECT id, CASE status WHEN 'COMPLETED' THEN 'committed' ELSE 'rolled-back' END AS outcome
     FROM orders WHERE protocol = 'two-phase'`,
  );
  const outcomes = new Map(decided.map(({ id, outcome }) => [id, outcome]));
  for (const service of participants) {
    const branches = await branchesOf(shop, service);
    const different = branches.filter(({ id, state, alarm }) => state !== outcomes.get(id) || alarm !== null);
    expect({ service, different }).toEqual({ service, different: [] });
    const committed = branches.filter(({ state }) => state === 'committed').map(({ id }) => id);
    const marked = await rowsOf<{ id: string }>(
      shop,
      service,
      `SELECT order_id AS id FROM branch_marker WHERE outcome = 'committed' ORDER BY 1`,
    );
    expect({ service, marked: marked.map(({ id }) => id) }).toEqual({ service, marked: committed });
    const completed = [...outcomes].filter(([, outcome]) => outcome === 'committed').map(([id]) => id);
    expect({ service, committed }).toEqual({ service, committed: completed.sort() });
  }
  await expectWhole(shop, delivered);
}

const branchesOf = (shop: Shop, service: ServiceName) =>
  rowsOf<{ id: string; state: string; alarm: string | null }>(
    shop,
    service,
    'SELECT order_id AS id, state, alarm FROM branch ORDER BY 1',
  );
