import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { Problem, type EdgeProblems } from './problem.js';

type Issue = Parameters<NonNullable<StandardSchemaValidationPipe['exceptionFactory']>>[0][number];

/** A field that does not match its schema. `path` is dotted: `lines.0.quantity`; empty for the whole body. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Checks what a controller's parameters declare with `@Body({ schema })` and its like; lists the fields that fail. */
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor(private readonly problems: EdgeProblems) {
    super();
  }

  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata as ArgumentMetadata & { schema?: unknown };
    if (typeof schema !== 'object' || schema === null) return value;
    const result = await this.check(value, schema);
    if (result.issues)
      throw this.failed(result.issues.slice(0, errorsMax).map(issue => fieldError(issue, metadata)));
    return (result as { value: T }).value;
  }

  private async check(value: unknown, schema: object) {
    try {
      return await this.validate(value, schema as never);
    } catch (error) {
      // A recursive schema follows a body of nothing but brackets until the stack is full: not our mistake.
      if (error instanceof RangeError) throw this.failed([{ path: '', message: 'nested too deeply' }]);
      throw error;
    }
  }

  private failed(errors: readonly FieldError[]): Problem {
    const [first] = errors;
    const detail = first === undefined ? 'the request does not match its schema' : describe(first);
    return new Problem(this.problems.VALIDATION_FAILED, detail, { extensions: { errors } });
  }
}

/** More would tell no more, and cost as much as the caller likes. */
const errorsMax = 50;

const describe = ({ path, message }: FieldError): string => (path === '' ? message : `${path}: ${message}`);

function fieldError(issue: Issue, { type, data }: ArgumentMetadata): FieldError {
  const within = (issue.path ?? []).map(segment =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  const path = type !== 'body' && data !== undefined ? [data, ...within] : within;
  return { path: path.join('.').slice(0, 200), message: issue.message.slice(0, 500) };
}
