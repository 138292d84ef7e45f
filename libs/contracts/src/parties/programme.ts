import { z } from 'zod';

/**
 * How a simulated party misbehaves: `PUT /programme` replaces all rules, the first that matches answers.
 * `unknown` does the work and then cuts the connection without an answer; `error` is a 500 with nothing done.
 */
export const Rule = z.strictObject({
  match: z
    .strictObject({ operation: z.string(), token: z.string(), reference: z.string(), zone: z.string() })
    .partial()
    .default({}),
  answer: z.enum(['normal', 'decline', 'error', 'unknown']).default('normal'),
  delayMs: z.int().min(0).max(600_000).default(0),
  /** How many calls the rule serves before it is spent; without it, all. */
  times: z.int().min(1).optional(),
  /** The share of matching calls that it serves, 0 to 1. */
  probability: z.number().min(0).max(1).default(1),
});
export const Programme = z.strictObject({
  rules: z.array(Rule).max(1_000),
  /** How many calls are handled at a time, the others waiting in line, even if their callers are gone; no limit without it. */
  workers: z.int().min(1).optional(),
});
export type Programme = z.infer<typeof Programme>;

/** `GET /calls` at a simulated party: everything that came since it started, repeated keys too. */
export const PartyCalls = z.object({
  calls: z.record(z.string(), z.int()),
  handled: z.int(),
  waiting: z.int(),
});
export type PartyCalls = z.infer<typeof PartyCalls>;
