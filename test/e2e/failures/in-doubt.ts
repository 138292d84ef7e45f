import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { anOrder, Customer, type OrderChoice } from '../../chaos/mixed-orders.js';
import { becomes } from '../becomes.js';
import { rowsOf } from '../rows.js';
import type { Shop } from '../shop.js';
import { Onlooker } from './onlooker.js';

/** Who waits asks soon, but later than a busy machine gets from the placing of an order to a death. */
export const impatience = {
  HOLD_MS: '3000',
  HOLD_ASK_AGAIN_MS: '1000',
  BRANCH_ASK_AFTER_MS: '3000',
};

/** Somebody dies whom others wait for: what is locked meanwhile, who asks, and what goes on. */
export function inDoubt(shop: Shop): void {
  const { stack } = shop;
  const sees = new Onlooker(shop);
  const customer = new Customer(stack, ['two-phase']);
  const place = (choice: OrderChoice) => shop.place(anOrder('wallet', choice));

  describe('while somebody is away whom others wait for', () => {
    afterAll(async () => {
      shop.acknowledged.push(...customer.acknowledged);
      await customer.close();
    });

    /** A test that failed may have left one dead, or stopped. */
    beforeEach(async () => {
      for (const unit of stack.units) if (!unit.running) await unit.start();
      for (const name of ['payment', 'shipping']) await stack.unit(name).kill('SIGCONT');
    });

    test('the coordinator dies between the last yes and its decision: try-confirm-cancel has nothing locked, two-phase commit only the rows of that order, and it decides within 5 s of its return', async () => {
      // Shipping's yes is the last one, and comes when there is nobody left to hear it.
      await stack.unit('shipping').kill('SIGSTOP');
      const prepared = await place({ protocol: 'two-phase', number: 0 });
      const tries = Array.from({ length: 5 }, () => place({ protocol: 'tcc', number: 1 }));
      const tried = await Promise.all(tries);
      const saga = await place({ protocol: 'orchestrated', number: 2 });
      await sees.preparedAre(3);
      await sees.isHeldIn('inventory', tried);
      await sees.isHeldIn('payment', tried);
      const held = "SELECT FROM payment WHERE order_id = $1 AND status = 'held'";
      await becomes('paid for', async () => (await rowsOf(shop, 'payment', held, [saga])).length === 1);
      await stack.unit('orchestrator').kill('SIGKILL');
      await stack.unit('shipping').kill('SIGCONT');
      await sees.preparedAre(4);
      await sees.isHeldIn('shipping', tried);

      expect(await sees.isLocked('article-0')).toBe(true);
      // Tried and reserved goods are set aside as well, and nobody has to wait for their rows.
      expect(await sees.isLocked('article-1')).toBe(false);
      await shop.deliver('article-1', 1);
      expect(await shop.stock('article-1')).toMatchObject({ reserved: tried.length });
      expect(await sees.isLocked('article-2')).toBe(false);
      expect(await shop.stock('article-2')).toMatchObject({ reserved: 1 });
      const elsewhere = await place({ protocol: 'choreographed', number: 3 });
      expect(await shop.ended(elsewhere)).toMatchObject({ status: 'COMPLETED' });
      // What is in doubt stays so, and asks.
      await sees.holdsAsk('inventory', tried);
      await sees.branchesAsk();
      expect(await sees.prepared()).toBe(4);

      await stack.unit('orchestrator').start();
      await becomes('decided', async () => (await sees.prepared()) === 0, 5_000);
      for (const id of [prepared, ...tried]) {
        // Whichever is read first decides: the last yes, or the question of who has waited too long.
        const { status, reason } = await shop.ended(id);
        expect(reason ?? status).toMatch(/COMPLETED|TIMEOUT/);
      }
      expect(await shop.ended(saga)).toMatchObject({ status: 'COMPLETED' });
    });

    test('participants die with what they hold, which expires: back again they ask, and obey', async () => {
      // Nobody decides before it has said something.
      await stack.unit('payment').kill('SIGSTOP');
      const id = await place({ protocol: 'tcc', number: 4 });
      await sees.isHeldIn('inventory', [id]);
      await sees.isHeldIn('shipping', [id]);
      // Both that hold something: nobody is left to ask in the other's place.
      await stack.unit('inventory').kill('SIGKILL');
      await stack.unit('shipping').kill('SIGKILL');
      expect(await shop.saga(id)).toMatchObject({ state: 'running' });
      await stack.unit('inventory').start();
      await becomes('aborted by the question', async () => (await shop.saga(id)).state === 'compensating');
      const timeline = await sees.timeline(id);
      expect(timeline.find(({ what }) => what === 'decided')).toMatchObject({ reason: 'TIMEOUT' });
      // It was not the coordinator that had lost its patience.
      expect(timeline.filter(({ what, attempt }) => what === 'timed out' && attempt === 3)).toEqual([]);
      await sees.isGivenBack('inventory', id);
      await stack.unit('payment').kill('SIGCONT');
      await stack.unit('shipping').start();
      expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'TIMEOUT' });
    });

    test('a participant is away for a while: a confirm is repeated until it is back, and what came early for it under choreography is not lost', async () => {
      await stack.unit('shipping').kill('SIGSTOP');
      const id = await place({ protocol: 'tcc', number: 5 });
      // Heard, not only done: its yes may wait in the outbox, and would die with it.
      await becomes('voted for', async () => (await sees.branch(id, 'payment'))?.state === 'prepared');
      await stack.unit('payment').kill('SIGKILL');
      await stack.unit('shipping').kill('SIGCONT');
      const early = await Promise.all(
        Array.from({ length: 20 }, (_, number) => place({ protocol: 'choreographed', number })),
      );
      // A cancel is decided by the payment alone: until then nobody undoes anything.
      await Promise.all(early.slice(0, 5).map(one => shop.cancel(one)));
      await becomes(
        'confirmed elsewhere',
        async () => (await sees.branch(id, 'inventory'))?.state === 'committed',
      );
      await becomes('repeated', async () => ((await sees.branch(id, 'payment'))?.attempts ?? 0) >= 2);
      expect((await shop.request('GET', `${shop.orders}/${id}`)).body).toMatchObject({ status: 'PENDING' });
      await stack.unit('payment').start();
      expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
      const ended = await Promise.all(early.map(one => shop.ended(one)));
      for (const { reason } of ended.slice(0, 5)) expect([null, 'CANCELLED']).toContain(reason);
      expect(ended.slice(5).map(({ status }) => status)).toEqual(early.slice(5).map(() => 'COMPLETED'));
    });

    test('the coordinator is away for long, and PostgreSQL dies meanwhile: what is prepared asks, is there again, and is ended', async () => {
      const ids = await customer.place(60, ['wallet', 'wallet', 'wallet', 'wallet', 'nowhere']);
      // A crash before something is in doubt proves nothing.
      await becomes('prepared', async () => (await sees.prepared()) > 0);
      await stack.unit('orchestrator').kill('SIGKILL');
      await sees.branchesAsk();
      expect(await sees.prepared()).toBeGreaterThan(0);
      await stack.unit('postgres').kill('SIGKILL');
      await stack.unit('postgres').start();
      expect(await sees.prepared()).toBeGreaterThan(0);
      await stack.unit('orchestrator').start();
      await customer.awaitEnds(ids);
      const ends =
        'SELECT DISTINCT coalesce(reason, status) AS ended FROM orders WHERE id = ANY ($1::uuid[])';
      for (const { ended } of await rowsOf<{ ended: string }>(shop, 'order', ends, [ids]))
        expect(['COMPLETED', 'ADDRESS_NOT_SERVED', 'TIMEOUT']).toContain(ended);
    });
  });
}
