import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../logging/logger.js';
import { buildApplication } from '../process/build-application.js';
import { problems } from '../testing/problems.js';
import { HealthModule } from './health.module.js';

const Parcel = z.object({ lines: z.array(z.object({ quantity: z.int().min(1) })) });

@Controller()
class Parcels {
  @Post('parcels')
  create(@Body({ schema: Parcel }) parcel: z.infer<typeof Parcel>) {
    return parcel;
  }
}

let down = false;
let checks = 0;

@Module({
  imports: [
    HealthModule.register([
      {
        name: 'database',
        check: () => {
          checks++;
          if (down) throw new Error('connection refused');
          return { pingMs: 1 };
        },
      },
      { name: 'event loop', concerns: 'liveness', check: () => undefined },
    ]),
  ],
  controllers: [Parcels],
})
class ParcelsModule {}

let app: NestFastifyApplication;
beforeAll(async () => {
  const logger = createLogger({ name: 'parcels', level: 'silent' });
  app = await buildApplication({ name: 'parcels', module: ParcelsModule, logger, problems });
});
afterAll(() => app.close());

test('what is down is named under checks; liveness does not depend on the database', async () => {
  expect((await app.inject({ url: '/health/ready' })).json()).toMatchObject({
    status: 'ok',
    details: { process: { pid: process.pid }, database: { status: 'up', pingMs: 1 } },
  });
  down = true;
  await expect.poll(async () => (await app.inject({ url: '/health/ready' })).statusCode).toBe(503);
  expect((await app.inject({ url: '/health/ready' })).json()).toMatchObject({
    code: 'UNAVAILABLE',
    checks: {
      database: { status: 'down', message: 'connection refused' },
      'event loop': { status: 'up' },
    },
  });
  expect((await app.inject({ url: '/health/live' })).statusCode).toBe(200);
});

test('however often it is asked, a check runs once a second at most', async () => {
  checks = 0;
  await Promise.all(Array.from({ length: 200 }, () => app.inject({ url: '/health/ready' })));
  expect(checks).toBeLessThanOrEqual(2);
});

test('the documentation is served, with the schemas of the bodies', async () => {
  const page = await app.inject({ url: '/docs' });
  expect([page.statusCode, page.headers['content-type']]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ]);
  expect((await app.inject({ url: '/docs/swagger-ui-bundle.js' })).statusCode).toBe(200);
  const document = (await app.inject({ url: '/docs-json' })).json<{
    paths: Record<string, { post: unknown }>;
  }>();
  expect(JSON.stringify(document.paths['/parcels']?.post)).toContain('quantity');
});
