import { TimedOut } from '../timeout/with-timeout.js';
import { type ErrorClass, type ErrorShape, worstOf } from './error-class.js';
import { classifyHttp } from './http.js';
import { classifyKafka } from './kafka.js';
import { classifyNetwork } from './network.js';
import { classifyPostgres } from './postgres.js';
import { DeadlinePassed, Refused } from './refused.js';

/** How deep causes are looked into. */
const depthMax = 8;

/**
 * What an error calls for. An error that knows says so itself, in a property `errorClass`; those of HTTP, of
 * connections, of PostgreSQL and of kafkajs are known by their shape, wherever they come from. Of an error that nobody
 * knows the outcome is `unknown`, as that promises the least.
 */
export function classify(error: unknown): ErrorClass {
  return classifyAt(error, 0);
}

function classifyAt(error: unknown, depth: number): ErrorClass {
  if (typeof error !== 'object' || error === null) return 'bug';
  const shape = error as ErrorShape;
  if (isErrorClass(shape.errorClass)) return shape.errorClass;
  if (error instanceof Refused) return 'transient';
  if (error instanceof DeadlinePassed) return 'rejected';
  if (error instanceof TimedOut) return error.begun ? 'unknown' : 'transient';
  if (depth > depthMax) return 'unknown';
  const inside = (cause: unknown) => classifyAt(cause, depth + 1);
  return (
    // A response's status comes first: the `errors` beside it are what its body says, about fields for instance.
    classifyHttp(shape) ??
    classifyAll(shape.errors, inside) ??
    classifyKafka(shape, inside) ??
    classifyPostgres(shape) ??
    classifyNetwork(shape) ??
    // fetch throws "TypeError: fetch failed", and what happened is its cause.
    (isError(shape.cause) ? inside(shape.cause) : byName(error))
  );
}

/** Several errors of one call, as in an AggregateError; null when it is a list of something else. */
function classifyAll(errors: unknown, inside: (error: unknown) => ErrorClass): ErrorClass | null {
  if (!Array.isArray(errors) || errors.length === 0) return null;
  return errors.every(error => error instanceof Error) ? worstOf(errors.map(inside)) : null;
}

const isError = (cause: unknown): boolean => typeof cause === 'object' && cause !== null;

const isErrorClass = (value: unknown): value is ErrorClass =>
  value === 'rejected' || value === 'transient' || value === 'unknown' || value === 'bug';

/** A SyntaxError is not a bug here: it is what JSON.parse makes of an answer that was cut off. */
function byName(error: object): ErrorClass {
  const isBug = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isBug ? 'bug' : 'unknown';
}
