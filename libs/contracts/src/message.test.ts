import { expect, test } from 'vitest';
import { command, event, Nothing, ownerOf, topicOf, topicOfEvent } from './message.js';

test('a type names who handles it, and so the topic', () => {
  const reserve = command('inventory.reserve', { data: Nothing, reply: Nothing });
  expect([ownerOf(reserve), topicOf(reserve)]).toEqual(['inventory', 'inventory.commands']);
  expect(topicOfEvent(event('inventory.reserved', Nothing))).toBe('inventory.events');
});

test.each(['', 'reserve', '.reserve', 'inventory.'])('"%s" is refused as a type: it names nobody', type => {
  const loose = type as `${string}.${string}`;
  expect(() => command(loose, { data: Nothing, reply: Nothing })).toThrow(
    `"${type}" is no type of a message`,
  );
  expect(() => event(loose, Nothing)).toThrow(`"${type}" is no type of a message`);
});
