import { type ServiceName, serviceNames } from '@ballast/contracts';
import { cloneRoot } from '@ballast/local';
import { createMessage, encode, laneOf, writeTopic } from '@ballast/messaging';
import { openPool } from '@ballast/platform';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, type JudgeOptions } from '../invariants/judge.js';
import { anOrder, type Shop } from './shop.js';

const limits = { settleWithinMs: 20_000 };
const agreement = 'the services agree on how an order ended';

/** That the judge sees what is wrong, and only that. For a shop in which all is well, and which it leaves with a dead letter. */
export function judging(shop: Shop): void {
  const { stack } = shop;
  const inDatabase = async (service: ServiceName, text: string): Promise<void> => {
    const pool = openPool({ url: stack.databaseUrls[service], applicationName: 'doctor', max: 1 });
    try {
      await pool.query({ text });
    } finally {
      await pool.end();
    }
  };

  const violated = async (options: JudgeOptions = {}) =>
    (await judge(stack, { limits, ...options })).invariants
      .filter(({ verdict }) => verdict === 'violated')
      .map(({ name, violations }) => ({
        name,
        orders: [...new Set(violations.map(({ orderId }) => orderId))],
      }));

  describe('the judge', () => {
    test('a healthy stack is judged valid, with its counts as evidence', async () => {
      const { verdict, invariants } = await judge(stack, { limits, acknowledged: shop.acknowledged });
      expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
      expect(verdict).toBe('valid');
      const ended = await Promise.all(shop.acknowledged.map(id => shop.ended(id)));
      const count = (wanted: string) => ended.filter(({ status }) => status === wanted).length;
      const { evidence } = invariants.find(({ name }) => name === agreement)!;
      expect(evidence['cancelled']).toBe(count('CANCELLED'));
      // What an operator has declared done may still be under way where it was stuck.
      expect(evidence['completed']).toBeLessThanOrEqual(count('COMPLETED'));
      expect(evidence['completed']).toBeGreaterThanOrEqual(
        count('COMPLETED') - (evidence['doneByHand'] as number),
      );
    });

    test('with too little to go by, nothing is proved', async () => {
      const { verdict, invariants } = await judge(stack, { limits: { ...limits, completedMin: 100_000 } });
      expect(verdict).toBe('unknown');
      expect(invariants[0]).toMatchObject({ verdict: 'unknown' });
      expect(invariants[0]!.lacking).toMatch(/^\d+ orders completed, at least 100000 needed$/);
    });

    test('an order that the API acknowledged and nobody has is missed', async () => {
      const lost = '019a0000-0000-7000-8000-000000000001';
      expect(await violated({ acknowledged: [lost] })).toEqual([
        { name: 'every accepted order ends', orders: [lost] },
      ]);
    });

    test('a row that was doctored is found by the invariants that it breaks, and the command says so', async () => {
      const doctored = await shop.place(anOrder({ address: { ...anOrder().address, zone: 'nowhere' } }));
      await shop.ended(doctored);
      const doctor = (status: string) =>
        inDatabase('inventory', `UPDATE reservation SET status = '${status}' WHERE order_id = '${doctored}'`);
      await doctor('reserved');
      expect(await violated()).toEqual([
        { name: agreement, orders: [doctored] },
        { name: 'stock adds up, and is what the orders hold', orders: [null] },
      ]);
      const { status, output, json } = check(stack.directory);
      expect(status).toBe(1);
      expect(output).toContain(`VIOLATED: ${agreement}; 1 violations; orders ${doctored}`);
      expect(json.verdict).toBe('invalid');
      await doctor('released');
    });

    test('a message that nobody can handle is found, unless it was poisoned on purpose', async () => {
      const subject = '019a0000-0000-7000-8000-000000000002';
      // Of a stack that nobody tells otherwise.
      const lanes = 4;
      const poison = createMessage({
        at: new Date(),
        type: 'inventory.burn',
        source: '/arsonist',
        subject,
        data: {},
      });
      await writeTopic(stack.brokers, 'inventory.commands', [
        { partition: laneOf(subject, lanes), key: subject, value: encode(poison) },
      ]);
      expect(await violated({ poison: new Set([poison.id]) })).toEqual([]);
      expect(await violated()).toContainEqual({
        name: 'no dead letter or held message is unexplained',
        orders: [subject],
      });
    });

    test('without a stack the command says so in a line, and proves nothing', () => {
      const empty = mkdtempSync(join(tmpdir(), 'no-stack-'));
      const { status, output } = check(empty);
      expect(output).toBe('There is no stack to check: `npm start` starts one.\n');
      expect(status).toBe(2);
      rmSync(empty, { recursive: true });
    });
  });
}

/** What `npm run check` runs once everything is built. */
function check(directory: string) {
  const file = join(directory, 'judgement.json');
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        name !== 'KAFKA_BROKERS' && !serviceNames.some(of => name === `${of.toUpperCase()}_DATABASE_URL`),
    ),
  );
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(cloneRoot, 'test/dist/invariants/check.js'), '--json', file],
    { env: { ...environment, BALLAST_DIRECTORY: directory }, encoding: 'utf8' },
  );
  const json = status === 2 ? null : JSON.parse(readFileSync(file, 'utf8'));
  return { status, output: stdout, json };
}
