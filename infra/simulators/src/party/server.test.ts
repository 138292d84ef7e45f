import { JournalPage } from '@ballast/contracts';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cardGateway } from '../card-gateway/card-gateway.js';
import { carrier } from '../carrier/carrier.js';
import { Journal } from './journal.js';
import type { Party } from './party.js';
import { Rules } from './programme.js';
import { serve } from './server.js';

let server: FastifyInstance;
let url: string;
let random = 0;

async function open(party: Party) {
  server = serve(party, Journal.open(undefined), new Rules(() => random));
  await server.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}
afterEach(() => server.close());

async function call(method: string, path: string, body?: unknown, key?: string) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const hold = (key: string, token = 'tok_good', amountCents = 500) =>
  call('POST', '/holds', { token, amountCents }, key);
const onHold = (operation: string, holdId: unknown, key: string) =>
  call('POST', `/holds/${String(holdId)}/${operation}`, undefined, key);
const program = (...rules: object[]) => call('PUT', '/programme', { rules });
const calls = async () => (await call('GET', '/calls')).body;
const journal = async (query = '') => JournalPage.parse((await call('GET', `/journal${query}`)).body);

describe('the card gateway', () => {
  beforeEach(() => open(cardGateway()));

  test('holds, captures and voids, and its journal has each once', async () => {
    const first = await hold('h1');
    const second = await hold('h2', 'tok_other', 700);
    expect([first.status, second.status]).toEqual([201, 201]);
    const captured = await onHold('capture', first.body['holdId'], 'c1');
    expect(captured).toMatchObject({ status: 200, body: { captureId: expect.any(String) as string } });
    expect(await onHold('void', second.body['holdId'], 'v2')).toEqual({ status: 200, body: {} });
    expect((await journal()).entries).toMatchObject([
      {
        seq: 1,
        key: 'h1',
        operation: 'hold',
        outcome: 'done',
        about: 'tok_good',
        amountCents: 500,
        calls: 1,
      },
      {
        seq: 2,
        key: 'h2',
        operation: 'hold',
        outcome: 'done',
        about: 'tok_other',
        amountCents: 700,
        calls: 1,
      },
      {
        seq: 3,
        key: 'c1',
        operation: 'capture',
        id: captured.body['captureId'],
        about: first.body['holdId'],
      },
      {
        seq: 4,
        key: 'v2',
        operation: 'void',
        outcome: 'done',
        about: second.body['holdId'],
        amountCents: 700,
      },
    ]);
  });

  test('answers a repeated key the same, does nothing twice, and counts the calls', async () => {
    const first = await hold('h1');
    expect(await hold('h1')).toEqual(first);
    const captured = await onHold('capture', first.body['holdId'], 'c1');
    expect(await onHold('capture', first.body['holdId'], 'c1')).toEqual(captured);
    expect((await journal()).entries).toMatchObject([
      { key: 'h1', calls: 2 },
      { key: 'c1', calls: 2 },
    ]);
  });

  test('does one thing for many calls with one key at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => hold('h1')));
    expect(new Set(answers.map(answer => answer.body['holdId'])).size).toBe(1);
    expect((await journal()).entries).toMatchObject([{ key: 'h1', calls: 20 }]);
  });

  test('captures a hold once, whatever the key; captured and voided exclude each other', async () => {
    const [{ body: a }, { body: b }] = [await hold('h1'), await hold('h2')];
    await onHold('capture', a['holdId'], 'c1');
    expect(await onHold('capture', a['holdId'], 'c2')).toMatchObject({
      status: 402,
      body: { code: 'ALREADY_CAPTURED' },
    });
    expect(await onHold('void', a['holdId'], 'v1')).toMatchObject({
      status: 402,
      body: { code: 'ALREADY_CAPTURED' },
    });
    await onHold('void', b['holdId'], 'v2');
    expect(await onHold('void', b['holdId'], 'v3')).toEqual({ status: 200, body: {} });
    expect(await onHold('capture', b['holdId'], 'c3')).toMatchObject({
      status: 402,
      body: { code: 'HOLD_VOIDED' },
    });
    const done = (await journal()).entries.filter(entry => entry.outcome === 'done').map(entry => entry.key);
    expect(done).toEqual(['h1', 'h2', 'c1', 'v2']);
  });

  test("declines by the demo's tokens, and goes on declining under that key", async () => {
    expect(await hold('h1', 'tok_declined')).toMatchObject({ status: 402, body: { code: 'CARD_DECLINED' } });
    expect(await hold('h1', 'tok_declined')).toMatchObject({ status: 402 });
    const { body } = await hold('h2', 'tok_capture_declined');
    expect(await onHold('capture', body['holdId'], 'c2')).toMatchObject({
      status: 402,
      body: { code: 'CAPTURE_DECLINED' },
    });
    expect(await onHold('void', body['holdId'], 'v2')).toEqual({ status: 200, body: {} });
    expect((await journal()).entries.map(({ key, outcome }) => [key, outcome])).toEqual([
      ['h1', 'declined'],
      ['h2', 'done'],
      ['c2', 'declined'],
      ['v2', 'done'],
    ]);
  });

  test('refuses another request under a used key', async () => {
    const { body } = await hold('k');
    expect(await hold('k', 'tok_good', 501)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await onHold('void', body['holdId'], 'k')).toMatchObject({ status: 422 });
  });

  test.each([
    ['no key', '/holds', { token: 't', amountCents: 1 }, undefined, 400],
    ['a key with a space', '/holds', { token: 't', amountCents: 1 }, 'a b', 400],
    ['a fractional amount', '/holds', { token: 't', amountCents: 1.5 }, 'k', 400],
    ['nothing to hold', '/holds', { token: 't', amountCents: 0 }, 'k', 400],
    ['an unknown hold', '/holds/none/capture', undefined, 'k', 404],
    ['an unknown path', '/refunds', {}, 'k', 404],
  ])('refuses %s, and keeps nothing of it', async (_, path, body, key, status) => {
    expect(await call('POST', path, body, key)).toMatchObject({
      status,
      body: { code: expect.any(String) as string },
    });
    expect((await journal()).entries).toEqual([]);
  });

  test('a decline rule declines what it matches, as often as it says', async () => {
    await program({ match: { operation: 'hold', token: 'tok_b' }, answer: 'decline', times: 1 });
    expect((await hold('h1', 'tok_a')).status).toBe(201);
    expect((await hold('h2', 'tok_b')).status).toBe(402);
    expect((await hold('h3', 'tok_b')).status).toBe(201);
    expect((await call('GET', '/programme')).body).toEqual({ rules: [] });
  });

  test('a rule matches a capture by the token of its hold', async () => {
    await program({ match: { operation: 'capture', token: 'tok_b' }, answer: 'decline' });
    const [{ body: a }, { body: b }] = [await hold('h1', 'tok_a'), await hold('h2', 'tok_b')];
    expect((await onHold('capture', a['holdId'], 'c1')).status).toBe(200);
    expect((await onHold('capture', b['holdId'], 'c2')).status).toBe(402);
  });

  test('an error is a 500 with nothing done: the same key may succeed later', async () => {
    await program({ answer: 'error', times: 2 });
    expect([(await hold('h1')).status, (await hold('h1')).status]).toEqual([500, 500]);
    expect((await journal()).entries).toEqual([]);
    expect((await hold('h1')).status).toBe(201);
    expect((await journal()).entries).toMatchObject([{ key: 'h1', calls: 3 }]);
  });

  test('an unknown outcome is done, and the connection cut; the same key tells later', async () => {
    await program({ answer: 'unknown', times: 1 });
    await expect(hold('h1')).rejects.toThrow('fetch failed');
    const { entries } = await journal();
    expect(entries).toMatchObject([{ key: 'h1', outcome: 'done', calls: 1 }]);
    expect(await hold('h1')).toEqual({ status: 201, body: { holdId: entries[0]?.id } });
  });

  test('a delayed call keeps its key in flight: another one with it is refused', async () => {
    await program({ match: { operation: 'hold' }, delayMs: 3_000, times: 1 });
    const begun = performance.now();
    const slow = hold('h1');
    // Of two calls on their way either may be the first to arrive.
    await expect.poll(calls, { interval: 10 }).toMatchObject({ handled: 1 });
    expect(await hold('h1')).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_FLIGHT' } });
    expect((await slow).status).toBe(201);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(2_995);
    expect(await hold('h1')).toEqual(await slow);
  });

  test('work whose caller went away during the delay is done', async () => {
    await program({ delayMs: 3_000, times: 1 });
    const gone = new AbortController();
    const abandoned = fetch(`${url}/holds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'h1' },
      body: JSON.stringify({ token: 't', amountCents: 1 }),
      signal: gone.signal,
    }).catch((error: unknown) => error);
    await expect.poll(calls, { interval: 10 }).toMatchObject({ handled: 1 });
    gone.abort();
    expect(await abandoned).toMatchObject({ name: 'AbortError' });
    expect((await journal()).entries).toEqual([]);
    await expect.poll(async () => (await journal()).entries.length).toBe(1);
  });

  test('a rule serves the share of calls that it says, and leaves the others to the next', async () => {
    await program({ answer: 'error', probability: 0.5 }, { answer: 'decline' });
    random = 0.49;
    expect((await hold('h1')).status).toBe(500);
    random = 0.5;
    expect((await hold('h2')).status).toBe(402);
  });

  test('a programme replaces the one before; a wrong one changes nothing', async () => {
    await program({ answer: 'error' });
    expect((await program({ answer: 'explode' })).status).toBe(400);
    expect((await hold('h1')).status).toBe(500);
    expect((await program()).body).toEqual({ rules: [] });
    expect((await hold('h1')).status).toBe(201);
  });

  test('the journal is read in pages', async () => {
    for (let i = 1; i <= 5; i++) await hold(`h${i}`);
    const first = await journal('?limit=2');
    expect([first.entries.map(entry => entry.key), first.next]).toEqual([['h1', 'h2'], 2]);
    const rest = await journal(`?after=${first.next}&limit=3`);
    expect([rest.entries.map(entry => entry.key), rest.next]).toEqual([['h3', 'h4', 'h5'], null]);
    for (const query of ['?limit=0', '?limit=10001', '?limit=x', '?after=-1', '?after=1.5']) {
      expect((await call('GET', `/journal${query}`)).status).toBe(400);
    }
  });
});

describe('the carrier', () => {
  beforeEach(() => open(carrier()));

  const address = { zone: 'north', name: 'Ann', street: '1 High Street', city: 'York', postalCode: 'YO1' };
  const label = (key: string, reference: string = randomUUID(), zone = 'north') =>
    call('POST', '/labels', { reference, address: { ...address, zone }, day: '2026-03-01' }, key);

  test('makes one label for one key', async () => {
    const reference = randomUUID();
    const first = await label('l1', reference);
    expect(first).toMatchObject({ status: 201, body: { trackingNumber: expect.any(String) as string } });
    expect(await label('l1', reference)).toEqual(first);
    expect((await journal()).entries).toMatchObject([
      {
        key: 'l1',
        operation: 'label',
        outcome: 'done',
        id: first.body['trackingNumber'],
        about: reference,
        calls: 2,
      },
    ]);
  });

  test('refuses by zone or by order when it is told to', async () => {
    const reference = randomUUID();
    await program({ match: { zone: 'south' }, answer: 'decline' }, { match: { reference }, answer: 'error' });
    expect((await label('l1', randomUUID(), 'south')).status).toBe(422);
    expect((await label('l2', reference)).status).toBe(500);
    expect((await label('l3')).status).toBe(201);
  });

  test('refuses what is no address', async () => {
    expect((await call('POST', '/labels', { reference: 'x', address: {}, day: 'today' }, 'l1')).status).toBe(
      400,
    );
  });
});

describe('a party with few workers', () => {
  beforeEach(() => open(cardGateway()));

  test('handles so many calls at a time; the others wait in line, and all are counted', async () => {
    await call('PUT', '/programme', { workers: 2, rules: [{ delayMs: 2_000 }] });
    const begun = performance.now();
    const holds = Array.from({ length: 6 }, (_, index) => hold(`h${index}`));
    await expect.poll(calls, { interval: 10 }).toEqual({ calls: { hold: 6 }, handled: 2, waiting: 4 });
    expect((await Promise.all(holds)).map(({ status }) => status)).toEqual(Array(6).fill(201));
    expect(performance.now() - begun).toBeGreaterThan(5_990);
  });

  test('works on for callers that are gone, and takes more at a time when it is told to', async () => {
    await call('PUT', '/programme', { workers: 1, rules: [{ delayMs: 3_000 }] });
    const gone = new AbortController();
    const asked = [1, 2, 3].map(index =>
      fetch(`${url}/holds`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `g${index}` },
        body: JSON.stringify({ token: 'tok_good', amountCents: 1 }),
        signal: gone.signal,
      }).catch(() => null),
    );
    await expect.poll(calls, { interval: 10 }).toMatchObject({ handled: 1, waiting: 2 });
    gone.abort();
    await Promise.all(asked);
    await call('PUT', '/programme', { rules: [{ delayMs: 3_000 }] });
    expect(await calls()).toMatchObject({ handled: 3, waiting: 0 });
    await expect.poll(calls, { interval: 50 }).toMatchObject({ handled: 0, waiting: 0 });
    expect((await journal()).entries).toHaveLength(3);
  });
});
