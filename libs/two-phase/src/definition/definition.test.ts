import { command, Nothing } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { aHoliday, preparedHoliday, triedHoliday } from '../examples/holiday.js';
import { patienceOf } from './patience.js';
import { tcc } from './tcc.js';
import { twoPhase } from './two-phase.js';

const named = (type: `${string}.${string}`) => command(type, { data: Nothing, reply: Nothing });
const branch = (name: string) => ({
  try: named(`${name}.try`),
  with: () => ({}),
  confirm: named(`${name}.confirm`),
  cancel: named(`${name}.cancel`),
});
const begun = tcc('sample', { version: 1, input: z.object({}) });

test('a definition is data: branches with what they are asked, told and undone by', () => {
  expect(
    triedHoliday.branches.map(({ name, prepare, commit, abort }) => [
      name,
      prepare.type,
      commit.type,
      abort.type,
    ]),
  ).toEqual([
    ['hotels', 'hotels.book', 'hotels.pay', 'hotels.cancel'],
    ['flights', 'flights.book', 'flights.issue', 'flights.cancel'],
  ]);
  expect(preparedHoliday.work['hotels']?.map(item => item.do.type)).toEqual(['hotels.book', 'hotels.pay']);
});

test('a definition is never changed by what is added to it', () => {
  const one = begun.branch('one', branch('one'));
  const two = one.branch('two', branch('two'));
  expect(one.branches.map(({ name }) => name)).toEqual(['one']);
  expect(two.branches.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(() => Object.assign(one, { name: 'other' })).toThrow(TypeError);
});

test('an input that nobody could prepare is refused with its code', () => {
  expect(preparedHoliday.unpreparable(aHoliday())).toBeNull();
  expect(preparedHoliday.unpreparable({ ...aHoliday(), priceCents: 2_000_000 })).toBe('TOO_DEAR');
});

describe('refused when it is defined', () => {
  test('one command, or one name, for two things', () => {
    const one = begun.branch('one', branch('one'));
    expect(() => one.branch('two', branch('one'))).toThrow('two commands are called "one.try"');
    expect(() => one.branch('one', branch('two'))).toThrow('two parts are called "one"');
    const work = twoPhase('sample', { version: 1, input: z.object({}) });
    const twice = named('one.do');
    expect(() => work.branch('one', first => first.does(twice, () => ({})).does(twice, () => ({})))).toThrow(
      'does one.do twice',
    );
    expect(() => work.branch('one', first => first)).toThrow('does nothing');
  });

  test('a name that does not fit a message, a version that is no number from 1, an impossible patience', () => {
    expect(() => begun.branch('', branch('one'))).toThrow('1 to 64 characters');
    expect(() => tcc('', { version: 1, input: z.object({}) })).toThrow('1 to 64 characters');
    expect(() => tcc('sample', { version: 0, input: z.object({}) })).toThrow('version 0');
    for (const timeoutMs of [0, 1.5, NaN, Number.MAX_SAFE_INTEGER])
      expect(() => patienceOf({ timeoutMs })).toThrow(`timeoutMs is ${timeoutMs}: a whole number`);
  });

  test('what lacks a command or its data, where no compiler saw it', () => {
    const { confirm: _, ...noConfirm } = branch('one');
    expect(() => begun.branch('one', noConfirm as never)).toThrow('tcc sample: "one" lacks a command');
    expect(() => begun.branch('one', { ...branch('one'), with: undefined as never })).toThrow(
      'tcc sample: "one" lacks the function',
    );
    const one = begun.branch('one', branch('one'));
    expect(() => one.whenConfirmed('thank', {} as never)).toThrow('"thank" lacks its command');
    expect(() => one.whenCancelledTell(undefined as never, () => ({}) as never)).toThrow('told at the end');
    const work = twoPhase('sample', { version: 1, input: z.object({}) });
    expect(() => work.branch('one', first => first.does(undefined as never, () => ({}) as never))).toThrow(
      'no command',
    );
    expect(() => work.branch('one', first => first.does(named('one.do'), undefined as never))).toThrow(
      'one.do lacks the function',
    );
  });
});
