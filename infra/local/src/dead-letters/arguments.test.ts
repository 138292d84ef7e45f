import { describe, expect, test } from 'vitest';
import { deadLettersArguments } from './arguments.js';

describe('the arguments of dead-letters', () => {
  test('list asks every service for its open ones, unless told otherwise', () => {
    expect(deadLettersArguments(['list'])).toMatchObject({
      services: ['order', 'inventory', 'payment', 'shipping', 'orchestrator'],
      query: {},
      json: false,
    });
    const args = [
      'list',
      '--service',
      'payment',
      '--order',
      'o-1',
      '--older-than',
      '2h',
      '--status',
      'any',
      '--json',
    ];
    expect(deadLettersArguments(args)).toEqual({
      command: 'list',
      services: ['payment'],
      query: { orderId: 'o-1', olderThanSeconds: '7200', status: 'any' },
      json: true,
    });
  });

  test('replay takes several letters, and keeps who wanted it and why', () => {
    const args = ['replay', 'payment/17', 'order/3', '--operator', 'kim', '--reason', 'mended', '--force'];
    expect(deadLettersArguments(args)).toEqual({
      command: 'replay',
      letters: [
        { service: 'payment', id: 17 },
        { service: 'order', id: 3 },
      ],
      body: { operator: 'kim', reason: 'mended', force: true },
    });
  });

  test.each([
    [[], 'what is to be done?'],
    [['bury'], 'there is no command bury'],
    [['show'], 'show takes one SERVICE/ID'],
    [['show', '17'], 'a dead letter is named like payment/17, not 17'],
    [['show', 'kitchen/17'], 'there is no service kitchen'],
    [['replay', 'payment/17'], 'needs --operator and --reason'],
    [['discard', 'payment/17', '--operator', 'kim', '--reason', 'why', '--force'], '--force is for replay'],
    [['list', '--older-than', '2 weeks'], '--older-than: an age such as'],
    [['list', '--older-than', '999999d'], '--older-than: '],
    [['list', '--status', 'foo'], '--status: open or replayed or discarded or any, not "foo"'],
    [['list', '--limit', '0'], '--limit: a whole number from 1 to 200, not "0"'],
    [['list', '--limit', '201'], '--limit: a whole number from 1 to 200, not "201"'],
    [['list', '--limit', ''], '--limit: a whole number from 1 to 200, not ""'],
    [['list', '--order', ''], '--order: Too small'],
    [['list', '--order', 'x'.repeat(201)], '--order: Too big'],
  ])('%j is refused, with a line that says why', (args, line) => {
    expect(() => deadLettersArguments(args)).toThrow(line);
  });
});
