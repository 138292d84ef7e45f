import { cancelSaga } from '@ballast/contracts';
import { type Message, messagingMigrations } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { databaseForTest } from '@ballast/testkit';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { orchestratorMigrations } from '../storage/statements.js';
import { answerTo, messageOf, newOrder, operated, Passes, startOf } from './passes.fixture.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const passes = await Passes.open(database, [placeOrder]);
afterAll(() => passes.close());

const happening = fc.record({
  kind: fc.constantFrom('pass', 'pass', 'pass', 'rolled back', 'restart', 'dropped'),
  picks: fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }),
});

test(
  'whatever passes are lost and whoever takes over, each order ends, no command is sent twice, and every action is on record',
  { timeout: 180_000 },
  async () => {
    const property = fc.asyncProperty(
      fc.array(happening, { maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      async (happenings, cancelled) => {
        const orders = cancelled.map(newOrder);
        let waiting: Message[] = orders.flatMap((orderId, index) => [
          ...(cancelled[index] === true ? [messageOf(cancelSaga, orderId, { requestedBy: 'alice' })] : []),
          startOf(orderId),
          ...(index % 2 === 0 ? [operated('retry', orderId), operated('force-undo', orderId)] : []),
        ]);
        const actions = waiting.filter(({ type }) => type.endsWith('retry') || type.endsWith('undo'));
        const sent: string[] = [];
        const passOver = async (messages: readonly Message[]) => {
          const { send } = await passes.pass(...messages);
          sent.push(...send.map(({ message }) => `${message.subject} ${message.type} ${message.attempt}`));
          waiting = waiting.filter(message => !messages.includes(message));
          waiting.push(
            ...send
              .filter(({ message }) => message.step !== undefined)
              .map(({ message }) => answerTo(message)),
          );
        };
        for (const { kind, picks } of happenings) {
          const picked = waiting.filter((_, index) => picks.some(pick => pick % waiting.length === index));
          if (kind === 'restart') await passes.restart();
          else if (kind === 'dropped') passes.handler.dropped([3]);
          else if (kind === 'rolled back') await passes.passRolledBack(...picked);
          else await passOver(picked);
        }
        while (waiting.length > 0) await passOver(waiting);

        for (const orderId of orders)
          expect(await passes.stored(orderId)).toMatchObject({ ended: true, due_at: null });
        expect(new Set(sent).size).toBe(sent.length);
        const audit = await passes.rows(
          'SELECT FROM operator_action WHERE id = ANY ($1::uuid[]) AND outcome IS NOT NULL',
          [actions.map(({ id }) => id)],
        );
        expect(audit).toHaveLength(actions.length);
        const told = sent.filter(line => line.includes('order.c'));
        expect(told).toHaveLength(orders.length);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  },
);
