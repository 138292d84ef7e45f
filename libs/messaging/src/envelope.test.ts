import { type CloudEvent, HTTP } from 'cloudevents';
import { expect, test } from 'vitest';
import {
  createMessage,
  decode,
  encode,
  inherited,
  RecordTooLarge,
  Undecodable,
  valueBytesMax,
} from './envelope.js';

const orderId = '0192f0c1-2f7a-7c3e-9a54-0242ac120002';
const command = createMessage({
  at: new Date('2026-11-21T10:00:00.123Z'),
  type: 'inventory.reserve',
  source: '/orchestrator',
  subject: orderId,
  sagaid: orderId,
  step: 'reserve stock',
  attempt: 2,
  deadline: '2026-11-21T10:00:30.000Z',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  data: { lines: [{ sku: 'blue-kettle', quantity: 2 }] },
});
const record = (value: unknown) => Buffer.from(JSON.stringify(value));

test('what is sent is what is received', () => {
  expect(decode(orderId, Buffer.from(encode(command)))).toEqual(command);
});

test('another CloudEvents implementation reads it, extensions included', () => {
  const event = HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: encode(command),
  });
  if (Array.isArray(event)) throw new Error('one event was expected');
  expect((event as CloudEvent).validate()).toBe(true);
  expect(event).toMatchObject({ ...command, specversion: '1.0' });
});

test('what another implementation writes is understood, whatever else it carries', () => {
  const foreign = { ...command, specversion: '1.0', datacontenttype: 'application/json', partitionkey: 'x' };
  expect(decode(orderId, record(foreign))).toEqual(command);
});

test.each([
  ['no value', orderId, null],
  ['not JSON', orderId, Buffer.from('{"id":')],
  ['JSON of another kind', orderId, record([1, 2])],
  ['no subject', orderId, record({ ...command, specversion: '1.0', subject: undefined })],
  ['an id that is no UUID', orderId, record({ ...command, specversion: '1.0', id: '7' })],
  ['another version of the specification', orderId, record({ ...command, specversion: '0.3' })],
  [
    'U+0000 where PostgreSQL would have to store it',
    orderId,
    record({ ...command, specversion: '1.0', step: 'a\u0000b' }),
  ],
  ['another key than its subject', 'other', Buffer.from(encode(command))],
  ['no key', null, Buffer.from(encode(command))],
])('a record with %s is undecodable, and says why', (_, key, value) => {
  expect(() => decode(key, value)).toThrow(Undecodable);
});

test('a record too large is refused when it is made, measured in bytes', () => {
  expect(() => encode({ ...command, data: 'x'.repeat(valueBytesMax) })).toThrow(RecordTooLarge);
  expect(() => encode({ ...command, data: '\u20ac'.repeat(valueBytesMax / 3) })).toThrow(RecordTooLarge);
  expect(encode({ ...command, data: 'x'.repeat(valueBytesMax - 1_000) }).length).toBeLessThan(valueBytesMax);
});

test('an answer inherits the saga, the step, the attempt and the trace of its cause, and nothing else', () => {
  expect(inherited(command)).toEqual({
    subject: orderId,
    sagaid: orderId,
    step: 'reserve stock',
    attempt: 2,
    traceparent: command.traceparent,
  });
});

test.each([
  ['2026-11-21T10:00:00+23:00', '2026-11-20T11:00:00.000Z'],
  ['2026-11-21T10:00:00-23:59', '2026-11-22T09:59:00.000Z'],
  ['2026-11-21T10:00:00.123456Z', '2026-11-21T10:00:00.123Z'],
])('a time is told in UTC: PostgreSQL takes no offset of 16 hours (%s)', (time, utc) => {
  const value = record({ specversion: '1.0', ...command, time, deadline: time });
  expect(decode(orderId, value)).toMatchObject({ time: utc, deadline: utc });
});

test.each([
  '0000-01-01T00:00:00Z',
  '0000-12-31T23:59:59Z',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:00:00-02:00',
])('a time outside the years that PostgreSQL and ISO 8601 know is refused (%s)', time => {
  for (const attribute of ['time', 'deadline']) {
    const value = record({ specversion: '1.0', ...command, [attribute]: time });
    expect(() => decode(orderId, value)).toThrow(/years 1 to 9999/);
  }
});

test.each([
  ['[', ']'],
  ['{"a":', '}'],
])('data that is nested deeper than can be stored is refused (%s)', (open, close) => {
  const nested = (levels: number) =>
    Buffer.from(
      JSON.stringify({ specversion: '1.0', ...command, data: '@' }).replace(
        '"@"',
        () => `${open.repeat(levels)}0${close.repeat(levels)}`,
      ),
    );
  expect(() => decode(orderId, nested(100))).not.toThrow();
  for (const levels of [101, 5_000, 100_000]) {
    expect(() => decode(orderId, nested(levels))).toThrow(/nested more than 100 levels/);
  }
});
