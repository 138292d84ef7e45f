import 'reflect-metadata';
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../logging/logger.js';
import { buildApplication } from '../process/build-application.js';
import { problems } from '../testing/problems.js';
import { ProblemBody } from './problem-documents.js';

const digits = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .pipe(z.int().min(1).max(200));
const Depot = z.enum(['north', 'south']).meta({ id: 'Depot' });
const ParcelsQuery = z
  .strictObject({ limit: digits.default(50), depot: Depot.optional(), day: z.iso.date() })
  .meta({ id: 'ParcelsQuery' });
const Parcel = z.strictObject({ name: z.string() }).meta({ id: 'Parcel' });

@Controller('parcels')
class Parcels {
  @Get()
  list(@Query({ schema: ParcelsQuery }) query: z.infer<typeof ParcelsQuery>) {
    return query;
  }

  @Get('nameless')
  nameless(@Query({ schema: z.strictObject({ limit: digits }) }) query: object) {
    return query;
  }

  @Post(':id')
  @ApiResponse({ status: 404, description: 'PARCEL_NOT_FOUND' })
  change(
    @Param('id', { schema: z.uuid() }) id: string,
    @Query('limit', { schema: digits }) limit: number,
    @Body({ schema: Parcel }) body: z.infer<typeof Parcel>,
  ) {
    return { id, limit, body };
  }
}

@Module({ controllers: [Parcels] })
class ParcelsModule {}

interface Document {
  paths: Record<string, Record<string, { parameters: object[]; requestBody?: object; responses: object }>>;
  components: { schemas: Record<string, object>; responses: Record<string, object> };
}

let app: NestFastifyApplication;
let document: Document;

beforeAll(async () => {
  app = await buildApplication({
    name: 'parcels',
    module: ParcelsModule,
    logger: createLogger({ name: 'parcels', level: 'silent' }),
    problems,
  });
  document = (await app.inject({ url: '/docs-json' })).json<Document>();
});
afterAll(() => app.close());

const limit = { type: 'integer', minimum: 1, maximum: 200 };

test('a query is described by the schema that checks it, with bounds and defaults', () => {
  expect(document.paths['/parcels']?.['get']?.parameters).toEqual([
    { in: 'query', name: 'limit', required: false, schema: { ...limit, default: 50 } },
    { in: 'query', name: 'depot', required: false, schema: expect.anything() },
    { in: 'query', name: 'day', required: true, schema: expect.objectContaining({ format: 'date' }) },
  ]);
  expect(document.components.schemas['Depot']).toMatchObject({ enum: ['north', 'south'] });
});

test('so is a query whose schema has no name, and a single parameter of one', () => {
  const named = { in: 'query', name: 'limit', required: true, schema: limit };
  expect(document.paths['/parcels/nameless']?.['get']?.parameters).toEqual([named]);
  expect(document.paths['/parcels/{id}']?.['post']?.parameters).toContainEqual(named);
});

test('a body stays a schema with a name', () => {
  expect(document.paths['/parcels/{id}']?.['post']?.requestBody).toMatchObject({
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Parcel' } } },
  });
});

test('every route says how an error looks, and those that it lists look the same', () => {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const operation of Object.values(document.paths).flatMap(path => Object.values(path))) {
    expect(operation.responses).toMatchObject({
      '4XX': { $ref: '#/components/responses/Refused' },
      '5XX': { $ref: '#/components/responses/Failed' },
    });
  }
  expect(document.paths['/parcels/{id}']?.['post']?.responses).toMatchObject({
    404: { description: 'PARCEL_NOT_FOUND', content },
  });
  expect(document.components.responses).toMatchObject({ Refused: { content }, Failed: { content } });
  expect(document.components.schemas['Problem']).toMatchObject({
    required: ['type', 'title', 'status', 'detail', 'code'],
  });
});

test('an error looks as it is described', async () => {
  const problem = (await app.inject({ url: '/parcels?limit=0' })).json<unknown>();
  expect(ProblemBody.parse(problem)).toMatchObject({ code: 'VALIDATION_FAILED', errors: expect.any(Array) });
});
