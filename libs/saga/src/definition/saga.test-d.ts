/*
 * Definitions that must not compile: each @ts-expect-error is an error of its own if the line below it is accepted.
 * `npm run types`, which is tsc with tsconfig.tests.json, reads this file; refusals.test.ts proves that it bites.
 */
import { command, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { saga } from './saga.js';

const Input = z.object({ lines: z.array(z.string()) });
const reserve = command('stock.reserve', {
  data: z.object({ lines: z.array(z.string()) }),
  reply: z.object({ warehouse: z.string() }),
  rejects: ['OUT_OF_STOCK'],
});
const release = command('stock.release', { data: Nothing, reply: Nothing });
const book = command('shipping.book', { data: z.object({ from: z.string() }), reply: Nothing });
const cancel = command('shipping.cancel', { data: z.object({ why: z.string() }), reply: Nothing });
const capture = command('payment.capture', { data: Nothing, reply: Nothing, rejects: ['DECLINED'] });
const commit = command('stock.commit', { data: Nothing, reply: Nothing });

const begun = saga('sample', { version: 1, input: Input });
const reserving = { do: reserve, with: (input: z.infer<typeof Input>) => input, undo: release };
const reserved = begun.undoable('reserve', reserving);
const captured = reserved.pivot('capture', { do: capture, with: () => ({}) });
const asDefinition = (definition: { readonly whenCompensatedTell: unknown }) => definition;

// The right ones, so that the wrong ones are wrong for one reason only.
asDefinition(reserved);
asDefinition(
  captured.mustFinish({ commit: { do: commit, with: () => ({}), timeoutMs: 1_000, parkAfterAttempts: 5 } }),
);
reserved.undoable('book', {
  do: book,
  with: (_, done) => ({ from: done.reserve.warehouse }),
  undo: cancel,
  undoWith: () => ({ why: 'no reason' }),
  attemptsMax: 5,
});

// @ts-expect-error a saga has at least one step
asDefinition(begun);

// @ts-expect-error a step before the pivot has an undo
begun.undoable('reserve', { do: reserve, with: input => input });

begun.undoable({
  // @ts-expect-error so has each of several parallel ones
  reserve: { do: reserve, with: input => input },
});

// @ts-expect-error what an undo needs is said
reserved.undoable('book', { do: book, with: () => ({ from: 'north' }), undo: cancel });

reserved.undoable({
  // @ts-expect-error what each of several parallel undos needs is said
  book: { do: book, with: () => ({ from: 'north' }), undo: cancel },
});

// @ts-expect-error an undo may not reject
begun.undoable('reserve', { do: book, with: () => ({ from: 'north' }), undo: capture });

reserved.undoable('book', {
  do: book,
  // @ts-expect-error the data of a command is checked
  with: () => ({ from: 7 }),
  undo: release,
});

begun.undoable('book', {
  do: book,
  // @ts-expect-error a reply that is not there yet can't be used
  with: (_, done) => ({ from: done.reserve.warehouse }),
  undo: release,
});

begun.undoable({
  reserve: reserving,
  // @ts-expect-error nor the reply of a step that runs beside
  book: { do: book, with: (_, done) => ({ from: done.reserve.warehouse }), undo: release },
});

reserved.undoable('book', {
  do: book,
  with: () => ({ from: 'north' }),
  undo: cancel,
  // @ts-expect-error an undo can't use the reply of its own do, which may never have come
  undoWith: (_, done) => ({ why: done.book.label }),
});

// @ts-expect-error a name is used once
reserved.undoable('reserve', {
  do: book,
  with: () => ({ from: 'north' }),
  undo: cancel,
  undoWith: () => ({ why: '' }),
});

// @ts-expect-error the pivot is not given up
reserved.pivot('capture', { do: capture, with: () => ({}), attemptsMax: 3 });

// @ts-expect-error the pivot is not undone
reserved.pivot('capture', { do: capture, with: () => ({}), undo: release });

// @ts-expect-error there is one pivot
captured.pivot('commit', { do: commit, with: () => ({}) });

// @ts-expect-error after the pivot nothing can be undone
captured.undoable('book', { do: book, with: () => ({ from: 'north' }), undo: release });

// @ts-expect-error before the pivot nothing must finish
reserved.mustFinish({ commit: { do: commit, with: () => ({}) } });

// @ts-expect-error what must finish is not given up
captured.mustFinish({ commit: { do: commit, with: () => ({}), attemptsMax: 3 } });

// @ts-expect-error what must finish is not undone
captured.mustFinish({ commit: { do: commit, with: () => ({}), undo: release } });

// @ts-expect-error what must finish may not reject
captured.mustFinish({ 'capture again': { do: capture, with: () => ({}) } });

// @ts-expect-error what is told after a compensation may not reject
reserved.whenCompensatedTell(capture, () => ({}));
