import 'reflect-metadata';
import { problems } from '@ballast/contracts';
import { buildApplication, createLogger } from '@ballast/platform';
import { expect, test } from 'vitest';
import { OperationsModule } from './operations.module.js';

interface Document {
  paths: Record<
    string,
    Record<string, { parameters: { in: string; name: string }[]; responses: Record<string, object> }>
  >;
}

test('both actions are documented with their key and their wait, and the search with its filters', async () => {
  const app = await buildApplication({
    name: 'order-operations',
    module: OperationsModule.register({ database: {} as never, outbox: {} as never }),
    logger: createLogger({ name: 'order-operations', level: 'silent' }),
    problems,
  });
  const { paths } = (await app.inject({ url: '/docs-json' })).json<Document>();
  await app.close();
  const names = (path: string, method: string) =>
    paths[path]?.[method]?.parameters.map(parameter => `${parameter.in} ${parameter.name}`).sort();
  expect(names('/operations/orders', 'get')).toEqual(
    ['cursor', 'limit', 'order', 'reason', 'status'].map(name => `query ${name}`),
  );
  const asked = ['header Idempotency-Key', 'query wait'];
  expect(names('/operations/retry', 'post')).toEqual(asked);
  expect(names('/operations/orders/{id}/actions', 'post')).toEqual([
    ...asked.slice(0, 1),
    'path id',
    'query wait',
  ]);
  for (const path of ['/operations/retry', '/operations/orders/{id}/actions'])
    expect(paths[path]?.['post']?.responses).toMatchObject({
      200: {},
      202: {},
      422: { description: 'IDEMPOTENCY_KEY_REUSED' },
    });
});
