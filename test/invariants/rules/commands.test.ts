import { expect, test } from 'vitest';
import { complaints, id, message } from '../testing/dossiers.fixture.js';
import { completedUnder } from '../testing/protocols.fixture.js';
import { commandsAreTheSagas } from './commands.js';

const prepared = completedUnder['two-phase'];

test('a participant that asks is told once more what was decided, and nobody else is', () => {
  const again = message('inventory.commit-branch', { attempt: 2 });
  const question = message('orchestrator.ask', { source: '/inventory', attempt: null });
  const told = (...more: readonly ReturnType<typeof message>[]) =>
    complaints(commandsAreTheSagas, { ...prepared, messages: [...prepared.messages, ...more] });
  expect(told(question, again)).toEqual([]);
  expect(told(again)).toEqual([expect.stringContaining('attempts 1, 2')]);
});

test('what an operator asks for is on record, on a topic, and decided', () => {
  const retry = message('orchestrator.retry', { source: '/orchestrator/operations', attempt: null });
  const row = { orderId: id, id: retry.id, action: 'retry', outcome: 'refused' } as const;
  const messages = [...prepared.messages, retry];
  const told = (changes: Partial<typeof prepared>) =>
    complaints(commandsAreTheSagas, { ...prepared, ...changes });
  expect(told({ messages, operatorActions: [row] })).toEqual([]);
  expect(told({ messages })).toEqual(['no operator has asked for orchestrator.retry']);
  expect(told({ operatorActions: [row] })).toEqual(["an operator's retry is on record, and on no topic"]);
  expect(told({ messages, operatorActions: [{ ...row, outcome: null }] })).toEqual([
    "an operator's retry was never decided",
  ]);
});
