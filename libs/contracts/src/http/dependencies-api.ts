import { z } from 'zod';
import { byOperator } from '../operator.js';
import { text } from '../primitives.js';

/** `POST /operations/dependencies/{name}/open` and `/close`: the breaker, by hand. */
export const SwitchDependency = z
  .strictObject(byOperator)
  .meta({ id: 'SwitchDependency', example: { operator: 'kim', reason: 'the gateway is being moved' } });
export type SwitchDependency = z.infer<typeof SwitchDependency>;

/** `PATCH /operations/dependencies/{name}`: other numbers of policies that it has, until the process ends. */
export const TuneDependency = z
  .strictObject({ ...byOperator, policies: z.record(text(50), z.record(text(50), z.number())) })
  .meta({
    id: 'TuneDependency',
    example: {
      operator: 'kim',
      reason: 'the gateway asked for less',
      policies: { bulkhead: { concurrent: 8 }, breaker: { openMs: 10_000 } },
    },
  });
export type TuneDependency = z.infer<typeof TuneDependency>;

const count = z.int().min(0);

/** What became of attempts since the process started. */
export const DependencyCounts = z.object({
  answered: count,
  /** With a definite no. */
  rejected: count,
  failed: count,
  timedOut: count,
  /** By a policy: nothing was sent. */
  refused: count,
  /** Asked again after an attempt that failed. */
  repeated: count,
});
export type DependencyCounts = z.infer<typeof DependencyCounts>;

/** `GET /operations/dependencies`: how calls to something that can fail are doing, in this process. */
export const DependencyView = z
  .object({
    name: z.string(),
    /** What can be read of each policy, by its kind. */
    state: z.record(z.string(), z.record(z.string(), z.unknown())),
    /** The policies' numbers, the outermost first. */
    policies: z.array(z.looseObject({ policy: z.string() })),
    /** Null where they are not counted. */
    counts: DependencyCounts.nullable(),
    /** Calls that wait in the database for their answer, or for being made; null where none is kept there. */
    open: count.nullable(),
  })
  .meta({ id: 'DependencyView' });
export type DependencyView = z.infer<typeof DependencyView>;

export const DependencyList = z
  .object({ dependencies: z.array(DependencyView) })
  .meta({ id: 'DependencyList' });
export type DependencyList = z.infer<typeof DependencyList>;
