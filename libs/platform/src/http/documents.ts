import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type SwaggerDocumentOptions } from '@nestjs/swagger';
import type { z } from 'zod';
import { describeProblems } from './problem-documents.js';

/**
 * The API at /docs, for people, and at /docs-json and /docs-yaml (OpenAPI 3.1): bodies, answers and parameters from the
 * schemas that check them, errors as problem details. Built when first asked for: it would slow the start down.
 */
export function serveDocuments(
  app: NestFastifyApplication,
  { name, description }: { readonly name: string; readonly description?: string | undefined },
): void {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(name)
    .setDescription(description ?? '')
    .build();
  const build = () => {
    const queries = querySchemasOf(app);
    const standardSchemaConverter: Converter = schema =>
      queries.has(schema) ? queryDescribed(schema as z.ZodType) : undefined;
    return describeProblems(SwaggerModule.createDocument(app, about, { standardSchemaConverter }));
  };
  SwaggerModule.setup('docs', app, build, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}

type Converter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;

/** Of a JSON schema, what matters here. */
interface Described {
  readonly schema: { readonly properties?: object; readonly required?: readonly string[] };
  readonly components: Record<string, object>;
}

/** What the controllers' parameters declare with `@Query({ schema })`. */
function querySchemasOf(app: NestFastifyApplication): Set<unknown> {
  const controllers = [...app.get(ModulesContainer).values()].flatMap(module => [
    ...module.controllers.values(),
  ]);
  const methods = new MetadataScanner();
  return new Set(
    controllers.flatMap(({ metatype }) =>
      methods
        .getAllMethodNames((metatype as { prototype: object }).prototype)
        .flatMap(method => querySchemasOfMethod(metatype as object, method)),
    ),
  );
}

/** Nest keeps a method's parameters by their kind and place: `4:0` is a query, and the first of them. */
function querySchemasOfMethod(controller: object, method: string): unknown[] {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<
    string,
    { readonly schema?: unknown }
  >;
  return Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${RouteParamtypes.QUERY}:`))
    .map(([, { schema }]) => schema);
}

/**
 * A query's schema with its properties at hand: Swagger makes parameters of them, and would make none of the reference
 * that a schema with a name is. They are described as they are read: `limit` is a number from 1 to 200, not digits.
 */
function queryDescribed(schema: z.ZodType): Described {
  const { jsonSchema } = schema['~standard'];
  const asked = dereferenced(jsonSchema.input({ target: 'openapi-3.0' }));
  const read = dereferenced(jsonSchema.output({ target: 'openapi-3.0' }));
  if (read.schema.properties === undefined) return read;
  // What has a default is always there when it is read; it need not be asked for.
  return { ...read, schema: { ...read.schema, required: asked.schema.required ?? [] } };
}

/** A schema with a name is a reference to one of its own definitions. */
function dereferenced(converted: Record<string, unknown>): Described {
  const {
    $ref,
    definitions = {},
    ...schema
  } = converted as { $ref?: string; definitions?: Record<string, object> };
  const { [$ref?.split('/').at(-1) ?? '']: named = schema, ...components } = definitions;
  return { schema: named, components };
}
