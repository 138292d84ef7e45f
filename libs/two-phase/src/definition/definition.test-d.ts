/*
 * Definitions that must not compile: each @ts-expect-error is an error of its own if the line below it is accepted.
 * The check of types, which is tsc with tsconfig.tests.json, reads this file.
 */
import { command, Nothing } from '@ballast/contracts';
import { z } from 'zod';
import { tcc } from './tcc.js';
import { twoPhase } from './two-phase.js';

const Input = z.object({ lines: z.array(z.string()) });
const reserve = command('stock.reserve', {
  data: z.object({ lines: z.array(z.string()) }),
  reply: z.object({ warehouse: z.string() }),
  rejects: ['OUT_OF_STOCK'],
});
const release = command('stock.release', { data: Nothing, reply: Nothing });
const take = command('stock.take', { data: z.object({ from: z.string() }), reply: Nothing });
const commit = command('stock.commit', { data: Nothing, reply: Nothing });

const asDefinition = (definition: { readonly whenAborted: unknown }) => definition;
const tried = tcc('sample', { version: 1, input: Input });
const prepared = twoPhase('sample', { version: 1, input: Input });

// The right ones, so that the wrong ones are wrong for one reason only.
const right = {
  try: reserve,
  with: (input: z.infer<typeof Input>) => input,
  confirm: commit,
  cancel: release,
};
asDefinition(tried.branch('stock', right));
tried.branch('stock', { ...right, confirm: take, confirmWith: (_, { warehouse }) => ({ from: warehouse }) });
asDefinition(
  prepared.branch('stock', branch =>
    branch
      .does(reserve, ({ lines }) => ({ lines }))
      .does(take, (_, done) => ({ from: done['stock.reserve'].warehouse })),
  ),
);

// @ts-expect-error something has at least one branch
asDefinition(tried);

// @ts-expect-error so has this
asDefinition(prepared);

// @ts-expect-error what is tried can be cancelled
tried.branch('stock', { try: reserve, with: input => input, confirm: commit });

// @ts-expect-error a cancel may not reject
tried.branch('stock', { ...right, cancel: reserve });

// @ts-expect-error the data of a try is checked
tried.branch('stock', { ...right, with: () => ({ lines: 7 }) });

// @ts-expect-error what a confirm needs is said
tried.branch('stock', { ...right, confirm: take });

// @ts-expect-error a confirm sees its own try's reply, as it is
tried.branch('stock', { ...right, confirm: take, confirmWith: (_, { shelf }) => ({ from: shelf }) });

// @ts-expect-error a reply that is not there yet can't be used
prepared.branch('stock', first => first.does(take, (_, done) => ({ from: done['stock.reserve'].warehouse })));

// @ts-expect-error what comes after the decision may not reject
prepared.branch('a', b => b.does(commit, () => ({}))).afterCommit('b', { do: reserve, with: x => x });
