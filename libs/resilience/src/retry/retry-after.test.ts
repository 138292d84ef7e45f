import { expect, test } from 'vitest';
import { retryAfterMsOf } from './retry-after.js';

const unreadable = () => {
  throw new Error('not to be read');
};

const now = Date.UTC(2026, 0, 1);

test.each<[string, unknown, number | null]>([
  ['a number of our own', { retryAfterMs: 250 }, 250],
  ['seconds', { headers: { 'retry-after': '3' } }, 3_000],
  ['seconds, in any case', { headers: { 'Retry-After': ' 3 ' } }, 3_000],
  ['seconds, as a number', { headers: { 'retry-after': 2 } }, 2_000],
  ['seconds, several times', { headers: { 'retry-after': ['3', '7'] } }, 3_000],
  ['seconds, in the headers of fetch', { headers: new Headers({ 'retry-after': '4' }) }, 4_000],
  ['a date', { headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' } }, 5_000],
  ['a date that has passed', { headers: { 'retry-after': 'Thu, 01 Jan 2015 00:00:05 GMT' } }, 0],
  ['nonsense', { headers: { 'retry-after': 'soon' } }, null],
  ['other headers', { headers: { date: 'today' } }, null],
  ['no headers', new Error('no'), null],
  ['no object', 'no', null],
  ['a negative number', { retryAfterMs: -1 }, null],
  ['what can not be read', Object.defineProperty({}, 'headers', { get: () => unreadable() }), null],
])('%s', (_, error, expected) => {
  expect(retryAfterMsOf(error, now)).toBe(expected);
});
