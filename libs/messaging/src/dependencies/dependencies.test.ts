import 'reflect-metadata';
import { type DependencyList, problems } from '@ballast/contracts';
import { buildApplication, createLogger } from '@ballast/platform';
import { pipeline } from '@ballast/resilience';
import { afterAll, expect, test } from 'vitest';
import { DependenciesModule } from './dependencies.module.js';
import { Dependency } from './dependency.js';

const logger = createLogger({ name: 'test', level: 'silent' });
const warned: { object: object; text: string }[] = [];
const log = { warn: ((object: object, text: string) => warned.push({ object, text })) as never };

const guard = pipeline('carrier', [
  { policy: 'bulkhead', concurrent: 2, queued: 0, queueTimeoutMs: 10 },
  { policy: 'breaker', failureRate: 0.5, windowMs: 60_000, callsMin: 2, openMs: 60_000, probes: 1 },
]);
const plain = pipeline('plain', [{ policy: 'timeout', timeoutMs: 1_000 }]);
const app = await buildApplication({
  name: 'test',
  module: DependenciesModule.register(
    [new Dependency(guard, log, { open: () => 3 }), new Dependency(plain, log, { counted: false })],
    log,
  ),
  logger,
  problems,
});
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/operations/dependencies`;
afterAll(() => app.close());
const by = { operator: 'kim', reason: 'a test' };
const post = (path: string) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(by),
  });

test('what became of calls is counted, what policies say is shown, and a breaker that opens is logged', async () => {
  await guard.run(() => Promise.resolve('label'));
  await guard.run(() => Promise.reject(Object.assign(new Error('no'), { status: 422 }))).catch(() => null);
  for (let failed = 0; failed < 2; failed++)
    await guard
      .run(() => Promise.reject(Object.assign(new Error('busy'), { status: 503 })))
      .catch(() => null);
  await guard.run(() => Promise.resolve('label')).catch(() => null);
  const { dependencies } = (await (await fetch(url)).json()) as DependencyList;
  expect(dependencies).toMatchObject([
    {
      name: 'carrier',
      open: 3,
      counts: { answered: 1, rejected: 1, failed: 2, timedOut: 0, refused: 1, repeated: 0 },
      state: { breaker: { state: 'open' }, bulkhead: { running: 0 } },
    },
    { name: 'plain', open: null, counts: null, policies: [{ policy: 'timeout', timeoutMs: 1_000 }] },
  ]);
  expect(warned).toMatchObject([
    { object: { dependency: 'carrier', from: 'closed', to: 'open', why: 'failures' } },
  ]);
});

test('changes of a breaker are streamed, and what was done by hand is logged with who and why', async () => {
  const stream = await fetch(`${url}/carrier/events`);
  expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
  warned.length = 0;
  expect((await post('/carrier/close')).status).toBe(200);
  let text = '';
  for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('event: breaker')) break;
  }
  expect(text).toContain('event: state');
  expect(text).toContain('"from":"open","to":"closed","why":"by hand"');
  expect(warned.at(-1)!.object).toEqual({ dependency: 'carrier', to: 'close', ...by });
});

test('a dependency without a breaker has none to open', async () => {
  const answer = await post('/plain/open');
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    422,
    'DEPENDENCY_NOT_TUNABLE',
  ]);
});

test('every route with a name says that there may be no such dependency', async () => {
  const { paths } = (await app.inject({ url: '/docs-json' })).json<{
    paths: Record<string, Record<string, { responses: object }>>;
  }>();
  const named = Object.entries(paths).filter(([path]) => path.includes('{name}'));
  expect(named).toHaveLength(4);
  for (const [path, methods] of named)
    for (const { responses } of Object.values(methods)) expect(responses, path).toHaveProperty('404');
});

test('streams end when the process shuts down', async () => {
  const stream = await fetch(`${url}/plain/events`);
  const closed = app.close();
  // Both would wait for ever.
  expect(await stream.text()).toContain('event: state');
  await closed;
});
