import type { Answer, SagaPage } from '@ballast/contracts';
import { beforeAll, expect, test } from 'vitest';
import { newOrder, startOf } from '../sagas/passes.fixture.js';
import { statements } from '../storage/statements.js';
import { operationsApi } from './operations-api.fixture.js';

/* A page looks at ten sagas at most, when ended ones are among them. */
const { passes, get } = await operationsApi({ stretchMax: 10 });

const running = newOrder();
const waiting = newOrder();
const parked = newOrder();
const completed = Array.from({ length: 25 }, newOrder);
const compensated = newOrder();
const refused: Answer = { outcome: 'refused', code: 'CARRIER_AWAY' };

beforeAll(async () => {
  await passes.restart();
  await passes.later(-7_200_000).pass(startOf(running, undefined, 86_400_000));
  passes.later(7_200_000);
  await passes.settle(await passes.pass(startOf(waiting)), { 'inventory.commit': refused });
  await passes.parked(parked);
  await passes.settle(await passes.pass(...completed.map(id => startOf(id))));
  await passes.settle(await passes.pass(startOf(compensated)), {
    'shipping.book': { outcome: 'rejected', code: 'NO_CAPACITY' },
  });
});

async function search(query: string): Promise<SagaPage> {
  const response = await get(`sagas?${query}`);
  expect(response.statusCode).toBe(200);
  return response.json<SagaPage>();
}

const idsOf = ({ sagas }: SagaPage) => sagas.map(({ id }) => id);

/** All pages. */
async function all(query: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: SagaPage = await search(`${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    ids.push(...idsOf(page));
    cursor = page.nextCursor;
  }
  return ids;
}

test('a parked saga is found, with why, since when and what it waits for', async () => {
  expect(await search('status=parked')).toMatchObject({
    sagas: [
      {
        id: parked,
        definition: 'place-order',
        version: 1,
        state: 'parked',
        reason: 'dispatch shipment: CARRIER_AWAY',
        waitingFor: ['dispatch shipment'],
        endedAt: null,
        parkedAt: new Date(passes.now).toISOString(),
      },
    ],
    nextCursor: null,
    parked: 1,
  });
});

test('by status', async () => {
  expect(await all('status=running')).toEqual([waiting, running]);
  expect(await all('status=compensating')).toEqual([]);
  expect(await all('status=compensated')).toEqual([compensated]);
  expect(await all('status=completed&limit=7')).toEqual([...completed].reverse());
});

test('all of them, newest first, page by page, each once', async () => {
  const everything = [compensated, ...[...completed].reverse(), parked, waiting, running];
  expect(await all('limit=4')).toEqual(everything);
  expect(await all('limit=200')).toEqual(everything);
});

test('by the step that is waited for', async () => {
  expect(await all('status=running&step=commit%20stock')).toEqual([waiting]);
  expect(await all('step=dispatch%20shipment&status=parked')).toEqual([parked]);
  expect(await all('status=running&step=book%20shipment')).toEqual([]);
});

test('by reason, order and age', async () => {
  expect(await all('reason=NO_CAP')).toEqual([compensated]);
  expect(await all(`order=${parked.toUpperCase()}`)).toEqual([parked]);
  expect(await all(`order=${parked}&status=running`)).toEqual([]);
  expect(await all('olderThanSeconds=3600')).toEqual([running]);
  expect(await all('status=running&olderThanSeconds=3600')).toEqual([running]);
});

test.each([
  ['find-running-sagas', 'saga_progress_running'],
  ['find-sagas', 'saga_progress_pkey'],
  ['running-versions', 'saga_progress_running'],
] as const)('%s looks into an index, and at no whole table', async (name, index) => {
  const { text } = statements.statement(name);
  const { rows } = await passes.query<{ 'QUERY PLAN': string }>({ text: `EXPLAIN (GENERIC_PLAN) ${text}` });
  const plan = rows.map(row => row['QUERY PLAN']).join('\n');
  expect(new Set(plan.match(/saga_progress_\w+/g))).toEqual(new Set([index]));
  expect(plan).not.toContain('Seq Scan on saga');
  expect(plan).toMatch(/Index Scan using saga_pkey on saga/);
});
