import { command, done, Nothing, type OutsideCall } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Guarded, mustFinish, on, type Participant, undoable } from './definition.js';
import { ParticipantHandler } from './handler.js';

const reserve = command('shop.reserve', { data: Nothing, reply: Nothing });
const release = command('shop.release', { data: Nothing, reply: Nothing });
const refund = command('shop.refund', { data: Nothing, reply: z.object({ amountCents: z.int() }) });
const succeed = (state: never) => done(state, {} as never);

const handlerOf = (...operations: Guarded<never, OutsideCall>[]) =>
  new ParticipantHandler({ name: 'shop', operations } as unknown as Participant<object>, {
    alarm: () => undefined,
  });

test('a participant that handles a command twice does not start', () => {
  expect(() =>
    handlerOf(undoable(on(reserve, succeed), on(release, succeed)), mustFinish(on(reserve, succeed))),
  ).toThrow('shop handles shop.reserve twice');
});

test('an undo that cannot answer "nothing to undo" does not start', () => {
  expect(() => handlerOf(undoable(on(reserve, succeed), on(refund, succeed)))).toThrow(
    'shop.refund is an undo, so {} has to be a reply of it',
  );
});

test('a participant that asks outside parties does not start without a worker that makes the calls', () => {
  expect(() => handlerOf(mustFinish(on(reserve, succeed, succeed)))).toThrow('shop asks outside parties');
  expect(() => handlerOf(mustFinish(on(reserve, succeed)))).not.toThrow();
});
