import { expect, test } from 'vitest';
import { complaints, message } from '../testing/dossiers.fixture.js';
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
