import 'reflect-metadata';
import { problems } from '@ballast/contracts';
import { buildApplication, createLogger } from '@ballast/platform';
import { expect, test } from 'vitest';
import { DeadLettersModule } from './dead-letters.module.js';

interface Document {
  paths: Record<
    string,
    Record<string, { parameters: { name: string }[]; responses: Record<string, object> }>
  >;
}

test('the filters of the list are documented, and that there may be no such dead letter', async () => {
  const app = await buildApplication({
    name: 'dead-letters',
    module: DeadLettersModule.register({} as never, {} as never),
    logger: createLogger({ name: 'dead-letters', level: 'silent' }),
    problems,
  });
  const { paths } = (await app.inject({ url: '/docs-json' })).json<Document>();
  await app.close();
  expect(paths['/operations/dead-letters']?.['get']?.parameters.map(({ name }) => name).sort()).toEqual([
    'cursor',
    'limit',
    'olderThanSeconds',
    'orderId',
    'status',
    'topic',
    'type',
    'youngerThanSeconds',
  ]);
  for (const [path, methods] of Object.entries(paths).filter(([path]) => path.includes('{id}')))
    for (const { responses } of Object.values(methods)) expect(responses, path).toHaveProperty('404');
});
