import {
  type DeadLetterPage,
  type DeadLetterSummary,
  type DeadLetterView,
  problems,
} from '@ballast/contracts';
import {
  DeadLettersModule,
  encode,
  type Message,
  PoisonedWork,
  type Work,
  writeTopic,
} from '@ballast/messaging';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { afterAll, describe, expect, test } from 'vitest';
import {
  aMessage,
  eventually,
  type Handle,
  messagesFor,
  orderIn,
  sameMessages,
  transportBench,
} from './replica.js';

const bench = await transportBench();
const { database, topics } = bench;
const pool = openPool({ url: database.url, applicationName: 'operations', max: 2 });
const app = await buildApplication({
  name: 'in',
  module: DeadLettersModule.register(pool, { horizonMs: 3 * 86_400_000, clockSkewMaxMs: 300_000 }),
  logger: createLogger({ name: 'in', level: 'silent' }),
  problems,
});
afterAll(async () => {
  await app.close();
  await pool.end();
});

const dayMs = 86_400_000;
const kim = { operator: 'kim', reason: 'it was mended' };

describe('a message that its handler fails on', () => {
  test('is isolated and kept as it came, with error and stack; later messages of its order wait, others flow', async () => {
    const [order, other] = [orderIn(0), orderIn(0)];
    const bad = aMessage({ subject: order, data: { number: 1 } });
    const behind = messagesFor(order, 3);
    const others = messagesFor(other, 40);
    const replica = await bench.start(failsOnSave(new Set([bad.id])));
    await bench.send(others.slice(0, 20));
    const headers = { 'content-type': 'application/cloudevents+json', 'x-trail': 'a, b' };
    await writeTopic(topics.brokers, `${topics.prefix}in.commands`, [
      { partition: 0, key: order, value: encode(bad), headers },
    ]);
    await bench.send([...behind, ...others.slice(20)]);

    const letter = await deadLetterOf(bad);
    expect(letter).toMatchObject({
      status: 'open',
      topic: 'in.commands',
      partition: 0,
      offset: expect.any(Number),
      type: 'in.do',
      orderId: order,
      error: expect.stringContaining('Unicode'),
      blocks: true,
      replayOf: null,
      action: null,
    });
    const view = await show(letter);
    expect(view).toMatchObject({
      stack: expect.stringContaining('at '),
      key: { encoding: 'utf8', data: order },
      value: { encoding: 'utf8', data: encode(bad) },
      message: bad,
      replayRefused: null,
      forceNeeded: null,
    });
    expect(view.headers).toEqual({
      'content-type': { encoding: 'utf8', data: 'application/cloudevents+json' },
      'x-trail': { encoding: 'utf8', data: 'a, b' },
    });
    await eventually(
      () => show(letter),
      ({ waitingBehind }) => waitingBehind === 3,
    );
    await eventually(
      () => idsOf(replica.handled, other),
      ids => ids.length === 40,
    );
    expect(idsOf(replica.handled, order)).toEqual([]);
    // The process is well: it is the message that is not.
    expect(replica.health().state).toBe('running');
  });

  test('is handled when it is replayed, before those that wait behind it, without a restart; asking twice is safe', async () => {
    const { messages, letter, replica, broken } = await aDeadLetter(4);
    broken.clear();
    const [first, second] = await Promise.all([
      replay(letter, kim),
      replay(letter, { ...kim, operator: 'lee' }),
    ]);
    expect([first.status, second.status]).toEqual([202, 202]);
    await eventually(
      () => idsOf(replica.handled, letter.orderId),
      ids => ids.length === 4,
    );
    expect(idsOf(replica.handled, letter.orderId)).toEqual(messages.map(({ id }) => id));
    expect((await replay(letter, kim)).status).toBe(202);
    const more = messagesFor(letter.orderId!, 2);
    await bench.send([messages[0]!, ...more]); // the original once more: a double
    await eventually(
      () => idsOf(replica.handled, letter.orderId),
      ids => ids.length === 6,
    );
    expect(idsOf(replica.handled, letter.orderId)).toEqual([...messages, ...more].map(({ id }) => id));
    expect(await heldOf(letter.orderId)).toBe(0);

    expect(await show(letter)).toMatchObject({
      status: 'replayed',
      settledAt: expect.any(String),
      action: { action: 'replay', operator: expect.stringMatching(/kim|lee/), doneAt: expect.any(String) },
    });
    expect(await auditOf(letter)).toHaveLength(1);
    expect(await discard(letter, kim)).toMatchObject({ status: 409, code: 'DEAD_LETTER_SETTLED' });
  });

  test('is given up when it is discarded, and its order goes on', async () => {
    const { messages, letter, replica } = await aDeadLetter(3);
    expect((await discard(letter, { operator: 'kim', reason: 'a test order' })).status).toBe(202);
    await eventually(
      () => idsOf(replica.handled, letter.orderId),
      ids => ids.length === 2,
    );
    expect(idsOf(replica.handled, letter.orderId)).toEqual(messages.slice(1).map(({ id }) => id));
    expect(await show(letter)).toMatchObject({ status: 'discarded' });
    expect(await auditOf(letter)).toMatchObject([
      {
        action: 'discard',
        operator: 'kim',
        reason: 'a test order',
        forced: false,
        done_at: expect.any(Date),
      },
    ]);
    expect((await discard(letter, kim)).status).toBe(202);
    expect(await replay(letter, kim)).toMatchObject({ status: 409, code: 'DEAD_LETTER_SETTLED' });
  });

  test('is dead again, for all to see, when it is replayed into a handler that is still broken', async () => {
    const { messages, letter, replica, broken } = await aDeadLetter(3);
    await replay(letter, kim);
    const again = await eventually(
      () => deadLetterOf(messages[0]!),
      ({ id }) => id !== letter.id,
    );
    expect(again).toMatchObject({
      status: 'open',
      replayOf: letter.id,
      topic: letter.topic,
      offset: letter.offset,
    });
    expect((await show(again)).headers).toEqual((await show(letter)).headers);
    expect((await show(letter)).status).toBe('replayed');
    const late = messagesFor(letter.orderId!, 1);
    await bench.send(late);
    await eventually(
      () => heldOf(letter.orderId),
      count => count === 3,
    );
    expect(idsOf(replica.handled, letter.orderId)).toEqual([]);
    broken.clear();
    await replay(again, kim);
    await eventually(
      () => idsOf(replica.handled, letter.orderId),
      ids => ids.length === 4,
    );
    expect(idsOf(replica.handled, letter.orderId)).toEqual([...messages, ...late].map(({ id }) => id));
  });

  test('is replayed by whoever has its lane by then', async () => {
    const { messages, letter, replica, broken } = await aDeadLetter(3);
    await replica.stop();
    await replay(letter, kim);
    expect((await show(letter)).action).toMatchObject({ doneAt: null });
    broken.clear();
    const successor = await bench.start(failsOn(broken));
    await eventually(
      () => idsOf(successor.handled, letter.orderId),
      ids => ids.length === 3,
    );
    expect(idsOf(successor.handled, letter.orderId)).toEqual(messages.map(({ id }) => id));
    expect((await show(letter)).action).toMatchObject({ doneAt: expect.any(String) });
  });
});

test('an order with several dead letters goes on when all are settled, in its first order', async () => {
  const order = orderIn(1);
  const [bad, next, last] = messagesFor(order, 3);
  const old = aMessage({ subject: order, time: new Date(Date.now() - 4 * dayMs).toISOString() });
  const broken = new Set([bad!.id]);
  const replica = await bench.start(failsOn(broken));
  await bench.send([bad!, next!]);
  await deadLetterOf(bad!);
  await eventually(
    () => heldOf(order),
    count => count === 1,
  );
  await bench.send([old, last!]);
  await deadLetterOf(old);
  await eventually(
    () => heldOf(order),
    count => count === 2,
  );

  broken.clear();
  await replay(await deadLetterOf(old), { ...kim, force: true });
  await eventually(
    () => heldOf(order),
    count => count === 3,
  );
  expect(idsOf(replica.handled, order)).toEqual([]);
  await replay(await deadLetterOf(bad!), kim);
  await eventually(
    () => idsOf(replica.handled, order),
    ids => ids.length === 4,
  );
  expect(idsOf(replica.handled, order)).toEqual([bad, next, old, last].map(message => message!.id));
});

test('a message that was too old when it came needs force: its effect may have happened before', async () => {
  const message = aMessage({ subject: orderIn(2), time: new Date(Date.now() - 4 * dayMs).toISOString() });
  const replica = await bench.start();
  await bench.send([message]);
  const letter = await deadLetterOf(message);
  expect(await replay(letter, kim)).toMatchObject({ status: 422, code: 'DEAD_LETTER_NEEDS_FORCE' });
  expect((await replay(letter, { ...kim, force: true })).status).toBe(202);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(message.id),
  );
  expect(await auditOf(letter)).toMatchObject([{ action: 'replay', forced: true }]);
});

test('a record that cannot be decoded is shown and discarded; a replay is refused, with the reason', async () => {
  await bench.start();
  const order = orderIn(3);
  const value = Buffer.from([0xff, 0xfe, 0x00]);
  await writeTopic(topics.brokers, `${topics.prefix}in.commands`, [{ partition: 3, key: order, value }]);
  const [letter] = await eventually(
    () => list('?status=open&topic=in.commands'),
    letters => letters.some(({ type }) => type === null),
  ).then(letters => letters.filter(({ type }) => type === null));
  expect(letter).toMatchObject({
    orderId: null,
    messageId: null,
    blocks: false,
    error: 'the value is not JSON',
  });
  expect(await show(letter!)).toMatchObject({
    key: { encoding: 'utf8', data: order },
    value: { encoding: 'base64', data: value.toString('base64') },
    message: null,
    replayRefused: 'the value is not JSON',
  });
  const refused = await replay(letter!, { ...kim, force: true });
  expect(refused).toMatchObject({ status: 422, code: 'DEAD_LETTER_NOT_REPLAYABLE' });
  expect(refused.detail).toContain('the value is not JSON');
  expect((await discard(letter!, kim)).status).toBe(202);
  await eventually(
    () => show(letter!),
    ({ status }) => status === 'discarded',
  );
});

test('a timer that its handler fails on fires again when it is replayed', async () => {
  const orderId = orderIn(0);
  let broken = true;
  const fails: Handle = work => {
    const timer = work.find(item => item.kind === 'timer');
    if (broken && timer !== undefined) throw new PoisonedWork(new Map([[timer, new Error('no such step')]]));
    return {};
  };
  const replica = await bench.start(fails, { timers: [{ lane: 0, orderId, at: new Date() }] });
  const [letter] = await eventually(
    () => list(`?orderId=${orderId}`),
    letters => letters.length === 1,
  );
  expect(letter).toMatchObject({ topic: 'timer', offset: null, blocks: true });
  broken = false;
  expect((await replay(letter!, kim)).status).toBe(202);
  await eventually(
    () => replica.handled.filter(work => work.kind === 'timer' && work.orderId === orderId),
    fired => fired.length >= 1,
  );
  const next = aMessage({ subject: orderId });
  await bench.send([next]);
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(next.id),
  );
});

test('dead letters are listed newest first, in pages, by status, topic, type, order and age', async () => {
  const order = orderIn(1);
  const ids = await database.rows<{ id: number }>(
    `INSERT INTO dead_letter (lane, topic, order_id, type, error, blocks, dead_at, place)
     SELECT 1, 'elsewhere', $1, CASE WHEN n < 3 THEN 'in.do' ELSE 'in.undo' END, 'why', false,
            now() - make_interval(hours => n), -1000 - n
     FROM generate_series(5, 1, -1) AS n RETURNING id::int`,
    [order],
  );
  const newestFirst = ids.map(({ id }) => id).reverse();
  const found = async (query: string) => (await list(query)).map(({ id }) => id);
  expect(await found('?topic=elsewhere')).toEqual(newestFirst);
  expect(await found(`?orderId=${order}&type=in.do`)).toEqual(newestFirst.slice(0, 2));
  expect(await found(`?topic=elsewhere&olderThanSeconds=${3.5 * 3_600}`)).toEqual(newestFirst.slice(3));
  expect(await found(`?topic=elsewhere&youngerThanSeconds=${3.5 * 3_600}`)).toEqual(newestFirst.slice(0, 3));
  expect(await found('?topic=elsewhere&status=replayed')).toEqual([]);
  expect(await found('?topic=elsewhere&status=any')).toEqual(newestFirst);

  const pages: number[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: DeadLetterPage = await get(
      `/operations/dead-letters?topic=elsewhere&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    pages.push(page.deadLetters.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual([newestFirst.slice(0, 2), newestFirst.slice(2, 4), newestFirst.slice(4)]);
});

test('what is not asked for rightly changes nothing, and is told why', async () => {
  const nobody = { reason: 'why not' };
  expect(await post('/operations/dead-letters/1/replay', nobody)).toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  expect(await post('/operations/dead-letters/999999999/replay', kim)).toMatchObject({
    code: 'DEAD_LETTER_NOT_FOUND',
  });
  expect(await post('/operations/dead-letters/abc/discard', kim)).toMatchObject({
    code: 'DEAD_LETTER_NOT_FOUND',
  });
  expect(await get('/operations/dead-letters?cursor=bm9uc2Vuc2U')).toMatchObject({ code: 'CURSOR_INVALID' });
  expect(await get('/operations/dead-letters?status=lost')).toMatchObject({ code: 'VALIDATION_FAILED' });
});

test('a consumer that can handle nothing says so in its health, goes on trying, and is well again by itself', async () => {
  const message = aMessage({ subject: orderIn(2) });
  let away = true;
  const replica = await bench.start(async (_work, pass) => {
    if (away) await pass.tx.query({ text: 'SELECT * FROM a_table_that_is_missing' });
    return {};
  });
  await bench.send([message]);
  await eventually(
    () => replica.health(),
    ({ state }) => state === 'failing',
  );
  expect(replica.health().error).toContain('a_table_that_is_missing');
  expect(() => replica.server.check()).toThrow('messages are not being handled');
  away = false;
  await eventually(
    () => sameMessages(replica.handled),
    ids => ids.includes(message.id),
  );
  await eventually(
    () => replica.health(),
    ({ state }) => state === 'running',
  );
  expect(replica.server.check()).toMatchObject({ state: 'running' });
});

/** An order whose first message is dead, and the others wait behind it. */
async function aDeadLetter(count: number) {
  const messages = messagesFor(orderIn(3), count);
  const broken = new Set([messages[0]!.id]);
  const replica = await bench.start(failsOn(broken));
  await bench.send(messages);
  const letter = await deadLetterOf(messages[0]!);
  await eventually(
    () => heldOf(letter.orderId),
    held => held === count - 1,
  );
  return { messages, letter, replica, broken };
}

/** As participants do: the handler knows which message it cannot handle. */
const failsOn =
  (broken: ReadonlySet<string>): Handle =>
  work => {
    const causes = work
      .filter(item => isOneOf(item, broken))
      .map(item => [item, new Error('no such step')] as const);
    if (causes.length > 0) throw new PoisonedWork(new Map(causes));
    return {};
  };

/** Nobody knows which message it is: the batch has to be cut. */
const failsOnSave =
  (broken: ReadonlySet<string>): Handle =>
  async (work, pass) => {
    if (work.some(item => isOneOf(item, broken)))
      await pass.businessSave(
        async () => void (await pass.tx.query({ text: 'SELECT jsonb \'{"a": "\\u0000"}\'' })),
      );
    return {};
  };

const isOneOf = (item: Work, ids: ReadonlySet<string>) => item.kind === 'message' && ids.has(item.message.id);

const idsOf = (work: readonly Work[], orderId: string | null): string[] =>
  sameMessages(work.filter(item => item.kind === 'message' && item.message.subject === orderId));

const deadLetterOf = async ({ id, subject }: Message): Promise<DeadLetterSummary> => {
  const letters = await eventually(
    async () => (await list(`?orderId=${subject}&status=any`)).filter(({ messageId }) => messageId === id),
    found => found.length > 0,
  );
  return letters[0]!;
};

const heldOf = async (orderId: string | null): Promise<number> =>
  (await database.rows('SELECT FROM held WHERE order_id = $1', [orderId])).length;

const auditOf = ({ id }: DeadLetterSummary) =>
  database.rows('SELECT * FROM dead_letter_action WHERE dead_letter_id = $1', [id]);

async function request(method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await app.inject({ method, url, ...(payload !== undefined && { payload }) });
  return { status: answer.statusCode, ...answer.json() };
}

const get = (url: string) => request('GET', url);
const post = (url: string, body: object) => request('POST', url, body);
const list = async (query: string): Promise<DeadLetterSummary[]> =>
  (await get(`/operations/dead-letters${query}`)).deadLetters;
const show = ({ id }: DeadLetterSummary): Promise<DeadLetterView> =>
  app.inject({ method: 'GET', url: `/operations/dead-letters/${id}` }).then(answer => answer.json());

const settle = async (action: string, { id }: DeadLetterSummary, body: object) => {
  const answer = await app.inject({
    method: 'POST',
    url: `/operations/dead-letters/${id}/${action}`,
    payload: body,
  });
  const { code, detail } = answer.json<{ code?: string; detail?: string }>();
  return { status: answer.statusCode, code, detail };
};
const replay = (letter: DeadLetterSummary, body: object) => settle('replay', letter, body);
const discard = (letter: DeadLetterSummary, body: object) => settle('discard', letter, body);
