import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// README, from here
import { answerOf, answerType, command, Day, text, topicOf } from './index.js';
import { z } from 'zod';

const lendBook = command('library.lend', {
  data: z.object({ book: text(100) }),
  reply: z.object({ until: Day }),
  rejects: ['LENT_OUT'],
});

topicOf(lendBook); // 'library.commands'
answerType(lendBook); // 'library.lend.answered'
answerOf(lendBook).parse({ outcome: 'rejected', code: 'LENT_OUT' });
// to here

test('the example of the README is what runs here, and does what it says', () => {
  const here = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example = ''] = /from here\n(.*?)\/\/ to here/s.exec(here) ?? [];
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
  expect(shown).toEqual([example.replace(`'./index.js'`, `'@ballast/contracts'`)]);
  expect(topicOf(lendBook)).toBe('library.commands');
  expect(answerType(lendBook)).toBe('library.lend.answered');
});

test.each([
  ['a code that the command does not know', { outcome: 'rejected', code: 'EATEN' }],
  ['a reply of another shape', { outcome: 'done', reply: {} }],
  ['an outcome that nobody knows', { outcome: 'perhaps' }],
])('an answer with %s is refused', (_, answer) => {
  expect(answerOf(lendBook).safeParse(answer).success).toBe(false);
});

test.each(['\u0000', 'a\u0000b', '\ud800', ''])(
  'text that PostgreSQL could not store (%j) is refused',
  value => {
    expect(text(10).safeParse(value).success).toBe(false);
  },
);
