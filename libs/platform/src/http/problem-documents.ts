import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

/** The body of every error (RFC 9457). Some codes have more members. */
export const ProblemBody = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What happened this time, for people; it may change.'),
    code: z.string().describe('For programs: docs/errors.md lists them.'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('With VALIDATION_FAILED: the fields that do not match, as dotted paths.'),
  })
  .meta({
    example: {
      type: 'urn:ballast:problem:VALIDATION_FAILED',
      title: 'The request does not match its schema',
      status: 400,
      detail: 'limit: Too big: expected number to be <=200',
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'limit', message: 'Too big: expected number to be <=200' }],
    },
  });

/**
 * Adds what every route can answer: the edge itself refuses requests and fails, before and beside what a route lists.
 * Errors that a route lists by their status are given the same body.
 */
export function describeProblems(document: OpenAPIObject): OpenAPIObject {
  const { $schema: _, ...Problem } = z.toJSONSchema(ProblemBody);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: Problem as object },
    responses: {
      ...document.components?.responses,
      Refused: { description: 'Any other 4xx: the request is not answered as it is.', content: problemJson },
      Failed: { description: 'Any other 5xx: not the fault of the request.', content: problemJson },
    },
  };
  for (const operation of operationsOf(document)) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (status >= '400' && response !== undefined && 'description' in response)
        response.content ??= problemJson;
    }
    operation.responses['4XX'] ??= { $ref: '#/components/responses/Refused' };
    operation.responses['5XX'] ??= { $ref: '#/components/responses/Failed' };
  }
  return document;
}

const problemJson = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Swagger's path items have their operations only: no parameters or servers of their own. */
const operationsOf = (document: OpenAPIObject): Operation[] =>
  Object.values(document.paths).flatMap(path => Object.values(path) as Operation[]);
