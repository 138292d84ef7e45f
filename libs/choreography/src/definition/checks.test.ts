import { command, event, type EventType, Failure, Nothing } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import {
  about,
  billed,
  burnt,
  cook,
  cooked,
  excuse,
  excused,
  leftEarly,
  lunch,
  paid,
  reactions,
  serve,
  served,
  thrownAway,
} from '../examples/lunch.js';
import { choreography, when } from './choreography.js';
import { eventsOf, heardBy, type Reaction, type ReactionKind } from './definition.js';
import { diagramOf } from './diagram.js';
import { patienceOf } from './patience.js';

const made = (changed: readonly Reaction[]) => () => choreography('lunch', about, changed);
const without = (type: string) => reactions.filter(reaction => reaction.command.type !== type);
const changed = (type: string, change: Partial<Reaction>) =>
  reactions.map(reaction => (reaction.command.type === type ? { ...reaction, ...change } : reaction));

describe('refused when it is defined', () => {
  test('an event that nobody reacts to', () => {
    expect(made(without('kitchen.serve'))).toThrow('nobody reacts to till.paid');
    const tasted = event('kitchen.tasted', Nothing);
    const tastes = when(billed, 'kitchen', {
      mustFinish: command('kitchen.taste', { data: Nothing, reply: Nothing }),
      then: tasted,
    });
    expect(made([...reactions, tastes])).toThrow('nobody reacts to kitchen.tasted');
  });

  test('an event that nobody announces', () => {
    const rained = event('sky.rained', Failure);
    expect(made(changed('kitchen.serve', { on: { kind: 'all', events: [paid, rained] } }))).toThrow(
      'nobody announces sky.rained',
    );
  });

  test('a cycle', () => {
    expect(made(changed('kitchen.cook', { on: { kind: 'all', events: [about.begins, billed] } }))).toThrow(
      'a cycle: kitchen.cooked -> till.billed -> kitchen.cooked',
    );
  });

  test('a do without its undo, or with one that does not wait for the arbiter', () => {
    expect(made(changed('kitchen.throw-away', { of: serve }))).toThrow('kitchen.cook has 0 undos');
    expect(made(changed('kitchen.throw-away', { on: { kind: 'all', events: [burnt] } }))).toThrow(
      'kitchen.throw-away does not wait for till.excused',
    );
  });

  test('a failure that the owner of the pivot does not hear', () => {
    const on = {
      kind: 'any',
      events: lunch.reactions.find(one => one.command === excuse)!.on.events,
    } as const;
    const deaf = { ...on, events: on.events.filter(one => one !== burnt) };
    expect(made(changed('till.excuse', { on: deaf }))).toThrow('does not hear kitchen.burnt');
    expect(made(changed('till.excuse', { on: { ...on, kind: 'all' } }))).toThrow(
      'the first failure that comes',
    );
    expect(made(without('till.excuse'))).toThrow('answers every failure with one undo');
  });

  test('no pivot, or two', () => {
    expect(made(without('till.charge'))).toThrow('there is one pivot, not 0');
    expect(made(changed('kitchen.cook', { kind: 'pivot' }))).toThrow('there is one pivot, not 2');
  });

  test('an end that does not wait for all that leads to it', () => {
    expect(made(changed('guest.leave', { on: { kind: 'all', events: [thrownAway] } }))).toThrow(
      'guest.leave does not wait for till.excused',
    );
    expect(made(without('guest.thank'))).toThrow('nobody reacts to kitchen.served');
    expect(made(changed('guest.thank', { kind: 'cancels' }))).toThrow(
      'there is one reaction that completes, not 0',
    );
  });

  test('an end or an undo for which the first of several events is enough', () => {
    const anyOf = (events: readonly EventType[]) => ({ on: { kind: 'any', events } }) as const;
    expect(made(changed('guest.leave', anyOf([excused, thrownAway])))).toThrow(
      'guest.leave does not wait for',
    );
    expect(made(changed('kitchen.throw-away', anyOf([excused, leftEarly])))).toThrow(
      'kitchen.throw-away does not wait for till.excused',
    );
    expect(made(changed('kitchen.throw-away', anyOf([excused])))).not.toThrow();
  });

  test('a do that may fail behind the pivot, and what must finish before it', () => {
    const garnished = event('kitchen.garnished', Nothing);
    const spoilt = event('kitchen.spoilt', Failure);
    const cleared = event('kitchen.cleared', Failure);
    const garnish = command('kitchen.garnish', { data: Nothing, reply: Nothing, rejects: ['SPOILT'] });
    const clear = command('kitchen.clear', { data: Nothing, reply: Nothing });
    const alsoOn: Partial<Record<ReactionKind, EventType>> = { completes: garnished, cancels: cleared };
    const late = [
      ...reactions.map(reaction => {
        const also = reaction.command === excuse ? spoilt : alsoOn[reaction.kind];
        const { kind, events } = reaction.on;
        if (also === undefined) return reaction;
        return {
          ...reaction,
          on: { kind: also === spoilt ? kind : ('all' as const), events: [...events, also] },
        };
      }),
      when(paid, 'kitchen', { do: garnish, with: () => ({}), then: garnished, orElse: spoilt }),
      when(excused, 'kitchen', { undo: clear, of: garnish, then: cleared }),
    ];
    expect(made(late)).toThrow('till.charge, the pivot, does not wait for kitchen.garnished');
    const early = changed('kitchen.serve', { on: { kind: 'all', events: [billed] } }).map(reaction =>
      reaction.kind === 'completes'
        ? { ...reaction, on: { kind: 'all' as const, events: [served, paid] } }
        : reaction,
    );
    expect(made(early)).toThrow('kitchen.serve has to finish, and does not wait for till.paid');
  });

  test('a command that is used twice, or is another participant’s', () => {
    expect(made([...reactions, reactions[0]!])).toThrow('kitchen.cook is used twice');
    expect(made(changed('kitchen.cook', { participant: 'till' }))).toThrow(
      'kitchen.cook is no operation of till',
    );
    expect(made(changed('kitchen.serve', { then: cooked }))).toThrow(/announced twice|nobody/);
  });

  test('a name that does not fit a message, a version that is no number from 1, an impossible patience', () => {
    expect(() => choreography('', about, reactions)).toThrow('1 to 64 characters');
    expect(() => choreography('lunch', { ...about, version: 0 }, reactions)).toThrow('version 0');
    expect(() => patienceOf({ quietMs: 0 })).toThrow('quietMs is 0');
  });
});

test('everybody hears what he reacts to, and the watcher hears everything', () => {
  const types = (participant: string) => heardBy(lunch, participant).map(({ type }) => type);
  expect(types('kitchen')).toEqual(['guest.ordered', 'till.paid', 'till.excused', 'guest.asks-again']);
  expect(types('guest')).toEqual([...eventsOf(lunch), about.resumeRequested].map(({ type }) => type));
  expect(eventsOf(lunch)).toContain(served);
});

test('the diagram shows each participant with its operations, and each event as an arrow', () => {
  const diagram = diagramOf(lunch).split('\n');
  expect(diagram[0]).toBe('flowchart LR');
  expect(diagram).toContain('  subgraph kitchen');
  expect(diagram).toContain('    till_charge{{"till.charge"}}');
  expect(diagram).toContain('  guest_ordered --> kitchen_cook');
  expect(diagram).toContain('  kitchen_cook -- "kitchen.cooked" --> till_bill');
  expect(diagram).toContain('  kitchen_cook -. "kitchen.burnt" .-> till_excuse');
  const arrows = diagram.filter(line => line.includes('->'));
  expect(arrows).toHaveLength(lunch.reactions.reduce((sum, { on }) => sum + on.events.length, 0));
  expect(cook.type).toBe('kitchen.cook');
});
