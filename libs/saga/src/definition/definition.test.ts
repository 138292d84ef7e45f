import { command, Nothing } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { holiday } from '../examples/holiday.js';
import { withDefaults } from './definition.js';
import { defaultPolicy, delayMs, policyOf } from './policy.js';
import { type AfterPivot, type BeforePivot, saga } from './saga.js';

const named = (type: `${string}.${string}`) => command(type, { data: Nothing, reply: Nothing });
const step = (type: `${string}.${string}`) => ({
  do: named(type),
  with: () => ({}),
  undo: named(`${type}.undone`),
});
const begun = saga('sample', { version: 1, input: z.object({}) });

test('the steps of a definition stand in order, in stages', () => {
  expect(holiday.steps.map(({ name, stage, kind }) => `${stage} ${kind}: ${name}`)).toEqual([
    '0 undoable: book flight',
    '0 undoable: book hotel',
    '1 undoable: rent car',
    '2 pivot: charge card',
    '3 must-finish: issue ticket',
    '3 must-finish: send voucher',
    '4 must-finish: say goodbye',
  ]);
});

test('a definition is never changed by what is added to it', () => {
  const one = begun.undoable('one', step('a.one'));
  const two = one.undoable('two', step('a.two'));
  expect(one.steps.map(({ name }) => name)).toEqual(['one']);
  expect(two.steps.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(() => Object.assign(one, { name: 'other' })).toThrow(TypeError);
});

describe('refused when it is defined', () => {
  test('one command for two operations, as the barrier would answer the second with the first one', () => {
    const one = begun.undoable('one', step('a.one'));
    expect(() => one.undoable('two', step('a.one'))).toThrow('a.one is used twice');
    expect(() => begun.undoable('one', { ...step('a.one'), undo: named('a.one') })).toThrow(
      'a.one is used twice',
    );
  });

  test('one name for two steps, where the compiler did not see it', () => {
    const one = begun.undoable('one' as string, step('a.one'));
    expect(() => one.undoable('one' as never, step('a.two'))).toThrow('two steps are called "one"');
  });

  test('a name that does not fit a message, a version that is no number from 1, a stage without a step', () => {
    expect(() => begun.undoable('', step('a.one'))).toThrow('1 to 64 characters');
    expect(() => begun.undoable('x'.repeat(65), step('a.one'))).toThrow('1 to 64 characters');
    expect(() => saga('', { version: 1, input: z.object({}) })).toThrow('1 to 64 characters');
    expect(() => saga('sample', { version: 0, input: z.object({}) })).toThrow('version 0');
    expect(() => saga('sample', { version: 1.5, input: z.object({}) })).toThrow('version 1.5');
    expect(() => begun.undoable({})).toThrow('a stage without a step');
  });

  test('an order of steps, or a rejection, that would leave something half done, where no compiler saw it', () => {
    const forward = (type: `${string}.${string}`) => ({ do: named(type), with: () => ({}) });
    const paid = begun.undoable('one', step('a.one')).pivot('pay', forward('a.pay'));
    expect(() => (paid as never as BeforePivot<object, object>).pivot('again', forward('a.again'))).toThrow(
      '"again" is a second pivot',
    );
    expect(() => (paid as never as BeforePivot<object, object>).undoable('two', step('a.two'))).toThrow(
      '"two" comes after the pivot',
    );
    const unpaid = begun.undoable('one', step('a.one')) as never as AfterPivot<object, object>;
    expect(() => unpaid.mustFinish({ ship: forward('a.ship') })).toThrow(
      '"ship" has to finish before the pivot',
    );
    const refusable = command('a.refusable', { data: Nothing, reply: Nothing, rejects: ['NO'] });
    expect(() => paid.mustFinish({ ship: { do: refusable as never, with: (() => ({})) as never } })).toThrow(
      '"ship" may not be rejected with NO, as a.refusable may',
    );
    expect(() => begun.undoable('one', { ...step('a.one'), undo: refusable } as never)).toThrow(
      '"one" may not be rejected with NO',
    );
  });

  test.each([
    [{ do: undefined }, 'its do is no command'],
    [{ with: undefined }, 'its with is no function'],
    [{ undo: undefined }, 'its undo is no command'],
    [{ undoWith: 7 }, 'its undoWith is no function'],
  ])('a step that lacks something, where no compiler saw it: %j', (lacking, why) => {
    const authored = { ...step('a.one'), ...lacking };
    expect(() => begun.undoable('book', authored as never)).toThrow(why);
    expect(() => begun.undoable('book', authored as never)).toThrow('"book"');
  });

  test.each([
    [{ timeoutMs: 0 }, 'timeoutMs is 0'],
    [{ timeoutMs: NaN }, 'timeoutMs is NaN'],
    [{ timeoutMs: 1.5 }, 'timeoutMs is 1.5'],
    [{ timeoutMs: Number.MAX_SAFE_INTEGER }, 'timeoutMs is 9007199254740991'],
    [{ attemptsMax: 2.5 }, 'attemptsMax is 2.5'],
    [{ attemptsMax: 0 }, 'attemptsMax is 0'],
    [{ backoff: { factor: 0.5 } }, 'backoff.factor is 0.5'],
    [{ backoff: { firstMs: 100, maxMs: 50 } }, 'backoff.maxMs is 50'],
  ])('an impossible patience: %j', (settings, why) => {
    expect(() => begun.undoable('one', { ...step('a.one'), ...settings })).toThrow(why);
  });
});

test('other defaults hold for what a step does not say itself', () => {
  const patient = begun
    .undoable('one', { ...step('a.one'), timeoutMs: 700, backoff: { firstMs: 10 } })
    .undoable('two', step('a.two'));
  const [one, two] = withDefaults(patient, { timeoutMs: 9_000, backoff: { maxMs: 1_000 } }).steps;
  expect(one?.policy).toEqual({
    ...defaultPolicy,
    timeoutMs: 700,
    backoff: { firstMs: 10, factor: 2, maxMs: 1_000 },
  });
  expect(two?.policy).toEqual({
    ...defaultPolicy,
    timeoutMs: 9_000,
    backoff: { firstMs: 200, factor: 2, maxMs: 1_000 },
  });
});

test('the backoff doubles up to its cap, with a jitter of half that depends on the attempt alone', () => {
  const { backoff } = policyOf({ backoff: { firstMs: 100, factor: 2, maxMs: 1_500 } }, defaultPolicy);
  for (const [index, fullMs] of [100, 200, 400, 800, 1_500, 1_500].entries()) {
    const delays = Array.from({ length: 200 }, (_, order) => delayMs(backoff, index + 1, `order ${order}`));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(fullMs / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(fullMs);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(fullMs * 0.4);
    expect(delayMs(backoff, index + 1, 'order 7')).toBe(delays[7]);
  }
  expect(delayMs(backoff, 10_000, 'order 7')).toBeLessThanOrEqual(1_500);
  expect(delayMs({ ...backoff, firstMs: 0 }, 10_000, 'order 7')).toBe(0);
});
